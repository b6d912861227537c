"""The parameters that prices depend on, by the names and with the ranges that hold for every model."""

from genmux.contract.params import Param

DAY = 86_400
"""The longest sound or video that is estimated, in seconds."""

PARAMS: dict[str, Param] = {
    "n": Param(type="integer", default=1, min=1, max=1_000, description="How many are made."),
    "duration": Param(type="number", min=0, max=DAY, description="Seconds of what is made, or of the session."),
    "resolution": Param(type="string", description="`480p`, `1080p`, `4k`, `1K` …"),
    "quality": Param(type="string", description="`low`, `medium`, `high`, `standard`, `hd` …"),
    "size": Param(type="string", description="Width and height in pixels, as `1024x1536`."),
    "width": Param(type="integer", min=1, max=65_536, description="In pixels."),
    "height": Param(type="integer", min=1, max=65_536, description="In pixels."),
    "aspect_ratio": Param(type="string", description="Such as `16:9`."),
    "fps": Param(type="number", min=1, max=240, description="Frames a second."),
    "audio": Param(type="boolean", description="Whether a video has sound."),
    "steps": Param(type="integer", min=1, max=10_000, description="Steps of diffusion."),
    "scale": Param(type="number", min=1, max=64, description="How many times wider and higher an upscaled picture is."),
    "max_tokens": Param(type="integer", min=1, max=100_000_000, description="The longest answer, in tokens."),
    "turns": Param(type="integer", min=1, max=100_000, description="How often the model speaks in a session."),
    "messages": Param(type="integer", min=0, max=100_000, description="Text messages that are sent in a session."),
    "service_tier": Param(type="string", description="`batch`, `flex`, `priority` …"),
    "region": Param(type="string", description="Where it is processed: `us`, `eu` …"),
    "plan": Param(type="string", description="The subscription under which it is billed."),
    "variant": Param(type="string", description="A mode that the provider bills by itself."),
    "search_context": Param(type="string", description="How much a search brings: `low`, `medium`, `high`."),
    "cache_ttl": Param(type="string", description="How long a written cache lives: `5m`, `1h` …"),
    "allowance": Param(type="string", description="A free allowance of which something is left."),
    "seed": Param(type="integer", description="The same seed gives the same result, where models can."),
    "voice": Param(type="string", description="Who speaks."),
    "language": Param(type="string", description="In which language."),
    "format": Param(type="string", description="The format of the file that is made."),
    "negative_prompt": Param(type="string", description="What shall not be seen or heard."),
}
"""What a request may say. Ranges of a model's own come before these."""

MEASURES: dict[str, Param] = {
    "characters": Param(type="integer", min=0, max=10**12, description="Of the prompt and of all texts."),
    "text_bytes": Param(type="integer", min=0, max=10**14, description="The same in UTF-8."),
    "prompt_bytes": Param(type="integer", min=0, max=10**12, description="Of the prompt alone, in UTF-8."),
    "documents": Param(type="integer", min=0, max=1_000_000, description="Texts and documents that go in."),
    "document_parts": Param(
        type="integer",
        min=0,
        max=10**12,
        description="Parts of up to 500 bytes, with the question, into which documents fall.",
    ),
    "input_images": Param(type="integer", min=0, max=100_000, description="Pictures that go in."),
    "input_pixels": Param(type="integer", min=0, max=10**15, description="Pixels of all pictures that go in."),
    "audio_seconds": Param(type="number", min=0, max=10**9, description="Length of all sound that goes in."),
    "video_seconds": Param(type="number", min=0, max=10**9, description="Length of all video that goes in."),
    "pages": Param(type="integer", min=0, max=10_000_000, description="Of all documents that go in."),
    "pixels": Param(type="integer", min=1, max=65_536**2, description="Of one picture or frame that is made."),
    "input_tokens": Param(type="integer", min=0, max=10**12, description="The most tokens that can go in."),
}
"""What is counted of the prompt and the inputs. A form may give these by name, `null` for what is there but not known; a
request has them from its inputs."""

NEEDED: dict[str, frozenset[str]] = {
    "chat": frozenset({"input_tokens"}),
    "embed": frozenset({"input_tokens"}),
    "rerank": frozenset({"documents", "document_parts", "characters", "text_bytes", "prompt_bytes"}),
    "image_to_image": frozenset({"input_images", "input_pixels"}),
    "edit_image": frozenset({"input_images", "input_pixels"}),
    "upscale": frozenset({"input_images", "input_pixels"}),
    "image_to_video": frozenset({"input_images", "input_pixels"}),
    "video_to_video": frozenset({"video_seconds"}),
    "text_to_speech": frozenset({"characters", "text_bytes"}),
    "transcribe": frozenset({"audio_seconds", "video_seconds"}),
}
"""Measures that are unknown for an operation when nobody gives them; all others are then 0, and `pixels` is no count."""

KNOWN = PARAMS | MEASURES

UNCOUNTED = frozenset({"pixels", "input_tokens"})
"""Measures that are never 0 because nobody gave them."""

ALIASES: dict[str, str] = {
    "seconds": "duration",
    "duration_seconds": "duration",
    "generate_audio": "audio",
    "with_audio": "audio",
    "num_images": "n",
    "number_of_images": "n",
    "num_inference_steps": "steps",
    "frame_rate": "fps",
    "frames_per_second": "fps",
    "image_size": "size",
    "upscale_factor": "scale",
    "max_output_tokens": "max_tokens",
}
"""Other names under which providers know the same."""

ASKED_FOR = frozenset({"service_tier"})
"""Conditions that hold only where somebody asks for them; of all others that are not told we do not know whether they do: a
region or a plan may belong to the account."""

LACKING: dict[str, str] = {
    "duration": "how many seconds it will be: give `duration`",
    "audio_seconds": "how long the sound is: give the input's `seconds`",
    "video_seconds": "how long the video is: give the input's `seconds`",
    "pixels": "how many pixels it will have: give `size`, or `width` and `height`",
    "input_pixels": "how large the pictures are: give `width` and `height` of the inputs",
    "documents": "how many documents there are: give them as inputs",
    "input_images": "which pictures go in: give them as inputs",
    "prompt_bytes": "how long the prompt is: give it",
    "pages": "how many pages there are: give the inputs' `pages`",
    "fps": "how many frames a second it will have: give `fps`",
    "characters": "how long the text is: give the inputs' `characters`",
    "text_bytes": "how long the text is: give the inputs' `characters` or `bytes`",
    "quality": "how many tokens a picture of that `quality` has",
    "resolution": "how many tokens a picture of that `resolution` has",
    "size": "how many tokens a picture of that `size` has",
    "max_tokens": "the number of output tokens: set `max_tokens`",
    "input_tokens": "how many input tokens there will be",
}
"""What is missing when a quantity is not known, and how to tell it."""


def lacking(name: str) -> str:
    """What is missing, in words."""
    return LACKING.get(name, f"`{name}`")
