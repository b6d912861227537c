"""How much of what an operation uses, as trees over its parameters and measures.

Each operation has its finest meters; a priced meter takes those that have all its words. What is not known beforehand is
between two assumptions, which an estimate tells.
"""

from decimal import Decimal

from genmux.services.estimates.expression import Between, First, Least, RoundUp, Tree, Value, number, plus, times
from genmux.services.estimates.facts import SHORTEST_PART
from genmux.services.estimates.image_tokens import tokens_of_images
from genmux.services.estimates.video_tokens import tokens_of_second

Quantities = dict[str, Tree]

MADE = Value("n")
SECONDS = Value("duration")
NOTHING = number(0)
ONE = number(1)

TEXT_TOKENS = Between(
    times("characters", 0.1),
    Value("text_bytes"),
    "a text has at most a token for each byte, and a tenth of that at least",
)

IMAGE_TOKENS = Between(
    number(64),
    number(10_000),
    "a picture that goes in has 64 to 10,000 tokens",
    "low",
)
"""For each. From memory and not checked: OpenAI's image models count 65 and 129 for each tile of 512 pixels, and at high fidelity
up to 6,240 more (what could be read on 2026-11-27 gives 85 and 170 for its chat models); Gemini bills about 560, by 0.0011 US
dollars at 2 for a million tokens in third-party summaries. The range is wider than all of these."""

SOUND_IN = Between(number(10), number(32), "sound that goes in has 10 to 32 tokens a second")
SOUND_OUT = Between(number(20), number(32), "sound that is made has 20 to 32 tokens a second", "low")
"""OpenAI has a token for each 100 ms that goes in and for each 50 ms that it says (developers.openai.com, guide to the costs
of its Realtime API, read on 2026-11-27). Gemini has 32 a second that go in: its guide to tokens, as
discuss.ai.google.dev/t/84379 quotes it (read on 2026-11-27). For what Gemini says, no number was found; the same is taken."""

SPOKEN = Between(
    times("characters", 0.04), times("characters", 0.5), "a character takes 0.04 to 0.5 seconds to be spoken"
)
"""15 characters a second are usual; a long number takes half a second for each of its digits."""

WRITTEN = Between(number(0.5), number(12), "a second of speech is written in 0.5 to 12 tokens")

SOME_WORDS = Between(number(0), number(4_096), "a picture comes with up to 4,096 tokens of text and of reasoning")

SOME_THOUGHTS = Between(number(0), number(8_192), "a video comes with up to 8,192 tokens of text and of reasoning")

FRAMES = First((Value("fps"), Between(number(24), number(30), "a video has 24 to 30 frames a second")))

VIDEO_TOKENS = 1_024
"""Pixels of a video for each token. Seedance counts (seconds in + seconds out) × width × height × frames a second / 1,024 (its
billing instructions as hosts repeat them, read on 2026-11-27); a least that it bills with videos in is not known here."""


def quantities(operation: str, model: str) -> Quantities:
    """The finest meters of an operation, with how much of them a request uses."""
    if operation in ("text_to_image", "image_to_image", "edit_image", "upscale"):
        return _images(operation, model)
    if operation in ("text_to_video", "image_to_video", "video_to_video"):
        return _videos(operation, model)
    return _OTHERS[operation]


def _images(operation: str, model: str) -> Quantities:
    made: Tree = Value("pixels")
    if operation == "upscale":
        made = First((Value("pixels"), times("input_pixels", "scale", "scale")))
    return {
        "images.output": MADE,
        "images.input": Value("input_images"),
        "pixels.output": times(MADE, made),
        "pixels.input": Value("input_pixels"),
        "tokens.input.text": TEXT_TOKENS,
        "tokens.input.image": times("input_images", IMAGE_TOKENS),
        "tokens.output.image": times(MADE, tokens_of_images(model)),
        "tokens.output.text": times(MADE, SOME_WORDS),
        "calls": ONE,
    }


def _videos(operation: str, model: str) -> Quantities:
    long = First((SECONDS, Value("video_seconds"))) if operation == "video_to_video" else SECONDS
    tokens = times(MADE, plus(long, "video_seconds"), FRAMES, "pixels", 1 / VIDEO_TOKENS)
    words: Tree = NOTHING
    if (second := tokens_of_second(model)) is not None:
        tokens, words = times(MADE, long, second), times(MADE, SOME_THOUGHTS)
    return {
        "videos.output": MADE,
        "seconds.output.video": times(MADE, long),
        "seconds.input.video": Value("video_seconds"),
        "seconds.input.audio": Value("audio_seconds"),
        "images.input": Value("input_images"),
        "pixels.input": Value("input_pixels"),
        "pixels.output": times(MADE, long, FRAMES, "pixels"),
        "tokens.input.text": TEXT_TOKENS,
        "tokens.input.image": times("input_images", IMAGE_TOKENS),
        "tokens.output.video": tokens,
        "tokens.output.text": words,
        "calls": ONE,
    }


_SPEECH: Quantities = {
    "characters.input": Value("characters"),
    "seconds.output.audio": SPOKEN,
    "tokens.input.text": TEXT_TOKENS,
    "tokens.output.audio": times(SPOKEN, SOUND_OUT),
    "calls": ONE,
}

_MUSIC: Quantities = {
    "tracks.output": MADE,
    "images.input": Value("input_images"),
    "characters.input": Value("characters"),
    "seconds.input.audio": Value("audio_seconds"),
    "seconds.output.audio": times(MADE, SECONDS),
    "tokens.input.text": TEXT_TOKENS,
    "tokens.input.image": times("input_images", IMAGE_TOKENS),
    "tokens.output.audio": times(MADE, SECONDS, SOUND_OUT),
    "calls": ONE,
}

_HEARD = First((Value("audio_seconds"), Value("video_seconds"), SECONDS))

_TRANSCRIPT: Quantities = {
    "seconds.input.audio": _HEARD,
    "characters.input": Value("characters"),
    "tokens.input.text": TEXT_TOKENS,
    "tokens.input.audio": times(_HEARD, SOUND_IN),
    "tokens.output.text": Least((Value("max_tokens"), times(_HEARD, WRITTEN))),
    "calls": ONE,
}

_SEARCHED = Between(
    RoundUp(times("documents", 0.01), Decimal(1)),
    RoundUp(
        times(First((Value("document_parts"), plus("documents", times("text_bytes", 1 / SHORTEST_PART)))), 0.01),
        Decimal(1),
    ),
    "a search unit is a question with up to 100 documents of up to 500 tokens",
    "low",
)
"""Cohere's prices say: one question with up to 100 documents (cohere.com/pricing, as developersdigest.tech/models/rerankers/cohere
quotes it, 2026-10-18); Amazon's: up to 100 parts of documents (docs.aws.amazon.com/bedrock, rerank-pricing, read on 2026-11-27).
That a document of more than 500 tokens counts as several, each with the question, of which at most 256 tokens count, is from
memory of an older page of Cohere's; its models of today take longer parts, and so fewer. `document_parts` counts bytes, as no
token is shorter."""

_REPEATED = "the question may be counted once for each document"

_RANKING: Quantities = {
    "calls.rerank": _SEARCHED,
    "documents.input": Value("documents"),
    "characters.input": Value("characters"),
    "tokens.input.text": plus(TEXT_TOKENS, Between(NOTHING, times("documents", "prompt_bytes"), _REPEATED)),
    "tokens.output.text": NOTHING,
    "calls": ONE,
}

_TURNS = First(
    (
        Value("turns"),
        Between(ONE, plus(1, times(SECONDS, 1 / 10)), "the model speaks once in 10 seconds at most: give `turns`"),
    )
)
_TALK = Between(
    times(SECONDS, SOUND_IN, 0.25),
    times(SECONDS, plus(SOUND_IN, SOUND_OUT), plus(_TURNS, 1), 0.5),
    "all that was said before is billed again with each turn, as nothing of it may be cached",
)

_SESSION: Quantities = {
    "seconds.session": SECONDS,
    "seconds.input.audio": SECONDS,
    "seconds.output.audio": Between(NOTHING, SECONDS, "the model speaks at most all of the time"),
    "messages.input": First((Value("messages"), NOTHING)),
    "tokens.input.audio": _TALK,
    "tokens.input.text": times(plus(_TURNS, 1), TEXT_TOKENS),
    "tokens.output.audio": Between(NOTHING, times(SECONDS, SOUND_OUT), "the model speaks at most all of the time"),
    "tokens.output.text": Between(NOTHING, times(SECONDS, WRITTEN), "the model writes what it says"),
    "calls": ONE,
}

_OTHERS: dict[str, Quantities] = {
    "rerank": _RANKING,
    "text_to_speech": _SPEECH,
    "text_to_music": _MUSIC,
    "text_to_sound": _MUSIC,
    "transcribe": _TRANSCRIPT,
    "realtime": _SESSION,
    "embed": {"calls": ONE, "tokens.input": Between(NOTHING, Value("input_tokens"))},
    "chat": {
        "tokens.input": Between(NOTHING, Value("input_tokens")),
        "tokens.output": Between(NOTHING, times(MADE, "max_tokens")),
        "calls": ONE,
    },
}


_MADE_IMAGE = ("images.output", "pixels.output", "tokens.output.image", "calls")
_MADE_VIDEO = ("seconds.output.video", "videos.output", "pixels.output", "tokens.output.video", "calls")

ESSENTIAL: dict[str, tuple[tuple[str, ...], ...]] = {
    "chat": (("tokens.input",), ("tokens.output",)),
    "embed": (("tokens.input",),),
    "rerank": (("calls.rerank", "tokens.input.text", "documents.input", "characters.input", "calls"),),
    "text_to_image": (_MADE_IMAGE,),
    "image_to_image": (_MADE_IMAGE,),
    "edit_image": (_MADE_IMAGE,),
    "upscale": ((*_MADE_IMAGE, "images.input", "pixels.input"),),
    "text_to_video": (_MADE_VIDEO,),
    "image_to_video": (_MADE_VIDEO,),
    "video_to_video": ((*_MADE_VIDEO, "seconds.input.video"),),
    "text_to_speech": (("characters.input", "seconds.output.audio", "tokens.output.audio", "calls"),),
    "text_to_music": (("seconds.output.audio", "tracks.output", "tokens.output.audio", "calls"),),
    "text_to_sound": (("seconds.output.audio", "tracks.output", "tokens.output.audio", "calls"),),
    "transcribe": (("seconds.input.audio", "tokens.input.audio", "calls"),),
    "realtime": (
        ("seconds.session", "seconds.input.audio", "tokens.input.audio", "calls"),
        ("seconds.session", "seconds.output.audio", "tokens.output.audio", "calls"),
    ),
}
"""What each operation cannot do without: of each group at least one must have a price."""
