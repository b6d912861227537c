"""How a request is put to Omni: which picture is what stands in front of the prompt.

Source: ai.google.dev/gemini-api/docs/omni (2026-09-10), section on tags; read 2026-11-27.
"""

from genmux.contract.inputs import MediaInput, MediaRequest
from genmux.providers.google.inputs import inline
from genmux.types.content import Fields
from genmux.types.generation import InputRole
from genmux.types.warning import Warning  # noqa: A004 — see genmux.types.warning

FORMAT: dict[str, str] = {"aspect_ratio": "aspect_ratio", "resolution": "resolution", "duration": "duration"}
"""Parameters that belong to the form of the result."""

ROLES: tuple[InputRole, ...] = ("image", "last_image", "reference", "video")
"""In which order inputs are told; pictures are counted in it."""


def input_of(request: MediaRequest) -> list[Fields]:
    """The inputs, pictures first, then the prompt with what each of them is for."""
    ordered = _ordered(request)
    tags = _tags(request)
    text = " ".join(part for part in (tags, request.prompt) if part)
    return [*map(_block, ordered), {"type": "text", "text": text}]


def format_of(request: MediaRequest) -> Fields:
    """How the video is wanted: as a file, for only small ones fit into a reply. A length is told as `6s`."""
    given = {name: value for ours, name in FORMAT.items() if (value := request.params.get(ours)) is not None}
    if "duration" in given:
        given["duration"] = f"{given['duration']:g}s"
    return {"type": "video", "delivery": "uri", **given}


def task_of(request: MediaRequest) -> str | None:
    """What is to be done; None where Omni has no word for it and goes by the tags: from a first to a last picture."""
    if request.operation == "video_to_video":
        return request.params.get("task", "edit")
    if request.first("last_image") is not None:
        return None
    if request.first("image") is not None:
        return "image_to_video"
    return "reference_to_video" if request.all("reference") else "text_to_video"


def notes_of(request: MediaRequest) -> tuple[Warning, ...]:
    """What the caller should know of how it was put."""
    tags = _tags(request)
    if not tags:
        return ()
    return (Warning("emulated", "inputs", f"what each of them is for is told in front of the prompt: {tags}"),)


def _ordered(request: MediaRequest) -> list[MediaInput]:
    return [one for role in ROLES for one in request.all(role)]


def _tags(request: MediaRequest) -> str:
    """The declarations; none where one picture alone starts the video, or one video alone is changed."""
    pictures = [one for one in _ordered(request) if one.kind == "image"]
    if not pictures or (len(pictures) == 1 and pictures[0].role == "image"):
        return ""
    sources: list[str] = []
    references: list[str] = []
    for number, one in enumerate(pictures, 1):
        match one.role:
            case "image":
                sources.append(f"<FIRST_FRAME>@Image{number}")
            case "last_image":
                sources.append(f"<LAST_FRAME>@Image{number}")
            case _:
                references.append(f"<IMAGE_REF_{len(references)}>@Image{number}")
    told = (("Sources", sources), ("References", references))
    return " ".join(f"[# {name} {' '.join(tags)}]" for name, tags in told if tags)


def _block(one: MediaInput) -> Fields:
    media_type, data = inline(one)
    return {"type": one.kind, "data": data, "mime_type": media_type}
