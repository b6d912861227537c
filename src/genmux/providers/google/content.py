"""What Google's replies are made of, as far as they matter here.

Sources: google-genai 3.6.1, ai.google.dev/gemini-api/docs/omni (2026-09-10), recorded traffic; read 2026-11-27.
"""

from typing import Any

import msgspec

from genmux.providers.google.usage import ContentUsage, InteractionUsage


# ---------------------------------------------------------------- :generateContent
class Blob(msgspec.Struct, rename="camel"):
    """Bytes in base64."""

    data: str = ""
    mime_type: str | None = None


class Part(msgspec.Struct, rename="camel"):
    """Words or a picture; a `thought` is a draft and no part of the answer."""

    text: str | None = None
    inline_data: Blob | None = None
    thought: bool = False


class Content(msgspec.Struct):
    """One turn."""

    parts: list[Part] = msgspec.field(default_factory=list)


class Candidate(msgspec.Struct, rename="camel"):
    """One answer, perhaps without any content, and why it ended."""

    content: Content = msgspec.field(default_factory=Content)
    finish_reason: str | None = None
    finish_message: str | None = None


class Feedback(msgspec.Struct, rename="camel"):
    """Why a prompt was refused."""

    block_reason: str | None = None


class Answer(msgspec.Struct, rename="camel"):
    """A reply of `:generateContent`."""

    candidates: list[Candidate] = msgspec.field(default_factory=list)
    prompt_feedback: Feedback | None = None
    usage_metadata: ContentUsage | None = None
    error: dict[str, Any] | None = None


# ---------------------------------------------------------------- long-running operations
class Video(msgspec.Struct):
    """Where a video is."""

    uri: str | None = None


class Sample(msgspec.Struct):
    """One result."""

    video: Video = msgspec.field(default_factory=Video)


class Made(msgspec.Struct, rename="camel"):
    """The results, and how many were kept back."""

    generated_samples: list[Sample] = msgspec.field(default_factory=list)
    rai_media_filtered_count: int = 0
    rai_media_filtered_reasons: list[str] = msgspec.field(default_factory=list)


class Response(msgspec.Struct, rename="camel"):
    """What is there in the end."""

    generate_video_response: Made = msgspec.field(default_factory=Made)


class Operation(msgspec.Struct):
    """A google.longrunning.Operation. `done` is not even there while it runs."""

    name: str = ""
    done: bool = False
    error: dict[str, Any] | None = None
    response: Response = msgspec.field(default_factory=Response)


# ---------------------------------------------------------------- interactions
class Block(msgspec.Struct):
    """One piece of a step: words, or a video as bytes in base64 or by its address."""

    type: str = ""
    text: str | None = None
    data: str | None = None
    uri: str | None = None
    mime_type: str | None = None


class Step(msgspec.Struct):
    """What came from whom: `user_input`, `thought`, `model_output` …"""

    type: str = ""
    content: list[Block] = msgspec.field(default_factory=list)
    error: dict[str, Any] | None = None


class Interaction(msgspec.Struct):
    """An interaction."""

    id: str = ""
    status: str = ""
    steps: list[Step] = msgspec.field(default_factory=list)
    usage: InteractionUsage | None = None
    errors: list[dict[str, Any]] = msgspec.field(default_factory=list)
    error: dict[str, Any] | None = None


class File(msgspec.Struct):
    """A file of the Files API: `PROCESSING`, `ACTIVE` or `FAILED`."""

    state: str = ""
    error: dict[str, Any] | None = None


ANSWER = msgspec.json.Decoder(Answer)
OPERATION = msgspec.json.Decoder(Operation)
INTERACTION = msgspec.json.Decoder(Interaction)
FILE = msgspec.json.Decoder(File)
