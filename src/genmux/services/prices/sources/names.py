"""Whose a model is, and what kind it is, from what the sources say."""

import re
from typing import Literal

from genmux.contract.operations import Operation
from genmux.types.money import Condition

Kind = Literal[
    "image",
    "video",
    "speech",
    "music",
    "transcription",
    "realtime",
    "rerank",
    "pages",
    "search",
    "model3d",
    "voice",
    "text",
]
"""What a model makes or takes. `pages` reads documents, `model3d` makes meshes, `voice` is a telephone or agent service."""

TEXT: dict[str, str | None] = {
    "alibaba": None,
    "baseten": "baseten",
    "cerebras": "cerebras",
    "deepinfra": None,
    "deepseek": "deepseek",
    "fireworks": "fireworks",
    "groq": "groq",
    "meta": "meta",
    "minimax": "minimax",
    "mistral": "mistral",
    "moonshot": "moonshotai",
    "nebius": None,
    "novita": "novita",
    "nvidia": None,
    "openai": "openai",
    "ovhcloud": "ovhcloud",
    "perplexity": "perplexity",
    "sambanova": None,
    "scaleway": None,
    "together": "together",
    "vercel": None,
    "xai": "x-ai",
    "zai": "zai",
}
"""Providers whose text models are in the catalogue where genai-prices lacks them, with their ids there."""

OUR_IDS: dict[str, str] = {
    # LiteLLM's names
    "aiml": "aiml",
    "assemblyai": "assemblyai",
    "aws_polly": "polly",
    "azure": "azure",
    "azure_ai": "azure-ai",
    "black_forest_labs": "bfl",
    "dashscope": "alibaba",
    "elevenlabs": "elevenlabs",
    "exa_ai": "exa",
    "fal_ai": "fal",
    "fireworks_ai": "fireworks",
    "gemini": "google",
    "google_pse": "google-pse",
    "jina_ai": "jina",
    "nvidia_nim": "nvidia",
    "parallel_ai": "parallel",
    "vercel_ai_gateway": "vercel",
    "fireworks_ai-embedding-models": "fireworks",
    "qwen_ai_platform": "qwen-ai-platform",
    "qwencloud": "qwencloud",
    "runwayml": "runway",
    "together_ai": "together",
    "transcribe": "aws-transcribe",
    "vertex_ai": "vertex",
    "vertex_ai-language-models": "vertex",
    "vertex_ai-video-models": "vertex",
    "vertex_ai-image-models": "vertex",
    "you_com": "you",
    # those of voice-prices
    "ai_coustics": "ai-coustics",
    "aws": "bedrock",
    "x-ai": "xai",
    "moonshotai": "moonshot",
}
"""Provider ids of the sources as ours, where they differ or are to stay as they are; others keep their own, with dashes."""

QUALITIES = frozenset({"low", "medium", "high", "xhigh", "max", "standard", "hd", "auto"})
REGIONS = frozenset({"us", "eu", "global"})

_SIZE = re.compile(r"(\d+)-x-(\d+)")
_STEPS = re.compile(r"(\d+)-steps")
_TO_IMAGE = re.compile(
    r"edit|image-to-image|inpaint|outpaint|erase|replace|recolor|background|relight|style|sketch|structure|kontext(?!.*text-to)"
    r"|redux|fill|expand|try-on|reframe|depth|canny"
)
_MESH = re.compile(r"trellis|hunyuan3d|hyper3d|rodin|tripo|meshy|triposr|3d-model")
_UPSCALE = re.compile(r"upscal|esrgan|clarity|super-resolution")
_EMBED = re.compile(r"(^|[-/])embed")
_FROM_VIDEO = re.compile(r"video-to-video|v2v|reframe|recast|/edit|extend|lipsync|lip-sync|aleph|upscal|modify|retake")
_FROM_IMAGE = re.compile(r"image-to-video|i2v|r2v|reference-to-video|first-last|animate")

IMAGES: tuple[Operation, ...] = ("text_to_image", "image_to_image")
VIDEOS: tuple[Operation, ...] = ("text_to_video", "image_to_video")

KINDS: dict[str, Kind] = {
    "image_generation": "image",
    "image_edit": "image",
    "video_generation": "video",
    "audio_speech": "speech",
    "audio_transcription": "transcription",
    "realtime": "realtime",
    "rerank": "rerank",
    "ocr": "pages",
    "search": "search",
    "chat": "text",
    "completion": "text",
    "responses": "text",
    "embedding": "text",
}
"""LiteLLM's modes as kinds; other modes are left out."""


def provider_id(name: str) -> str:
    """A source's provider as ours."""
    return OUR_IDS.get(name, name.replace("_", "-"))


def taken_apart(key: str, provider: str) -> tuple[str, dict[str, Condition]]:
    """A key of LiteLLM as the provider's own name and what the key says besides: quality, size, steps, region."""
    first, *rest = key.split("/")
    segments = (
        rest if rest and first in (provider, provider.partition("-")[0], provider_id(provider)) else [first, *rest]
    )
    when: dict[str, Condition] = {}
    is_compound = any(_SIZE.fullmatch(one) or one == "max-x-max" or _is_steps(one) for one in segments)
    left: list[str] = []
    for place, segment in enumerate(segments):
        if size := _SIZE.fullmatch(segment):
            when["size"] = f"{size[1]}x{size[2]}"
        elif steps := _STEPS.fullmatch(segment):
            when["steps"] = int(steps[1])
        elif is_compound and (segment in ("max-x-max", "max-steps", provider) or _is_quality(segment, place, segments)):
            if segment in QUALITIES:
                when["quality"] = segment
        elif provider.startswith("azure") and place == 0 and segment in REGIONS and len(segments) > 1:
            when["region"] = segment
        else:
            left.append(segment)
    if when.get("region") == "global":
        del when["region"]  # that is the plain price
    return "/".join(left), when


def _is_steps(segment: str) -> bool:
    return segment == "max-steps" or _STEPS.fullmatch(segment) is not None


def _is_quality(segment: str, place: int, segments: list[str]) -> bool:
    following = segments[place + 1] if place + 1 < len(segments) else ""
    return segment in QUALITIES and (_SIZE.fullmatch(following) is not None or following == "max-x-max")


def kind_of(mode: str, name: str) -> Kind | None:
    """What kind of model it is, None where the catalogue has no such kind."""
    found = KINDS.get(mode)
    if mode == "chat" and "lyria" in name:
        return "music"  # it takes a chat and makes a song
    if found == "speech" and ("lyria" in name or "music" in name):
        return "music"
    if found == "image" and _MESH.search(name):
        return "model3d"
    return found


def operations_of(kind: Kind, mode: str, name: str, *, takes_images: bool) -> tuple[Operation, ...]:
    """What a model can be asked to do, as far as its kind and its name tell; none where genmux has no such operation."""
    match kind:
        case "image":
            if _UPSCALE.search(name):
                return ("upscale",)
            if mode == "image_edit" or _TO_IMAGE.search(name):
                return ("image_to_image",)
            return IMAGES if takes_images else ("text_to_image",)
        case "video":
            if _FROM_VIDEO.search(name):
                return ("video_to_video",)
            if _FROM_IMAGE.search(name):
                return ("image_to_video",)
            return ("text_to_video",) if re.search(r"text-to-video|t2v", name) else VIDEOS
        case "text":
            return ("embed",) if mode == "embedding" or _EMBED.search(name) else ("chat",)
        case _:
            return PLAIN.get(kind, ())


PLAIN: dict[Kind, tuple[Operation, ...]] = {
    "speech": ("text_to_speech",),
    "music": ("text_to_music",),
    "transcription": ("transcribe",),
    "realtime": ("realtime",),
    "rerank": ("rerank",),
}
"""Kinds whose operation needs no look at the name."""
