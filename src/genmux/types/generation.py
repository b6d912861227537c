"""What is asked of a model that makes or reads media: an operation, a prompt, inputs, and the model's own parameters."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Literal

import msgspec

InputKind = Literal["image", "audio", "video", "document", "text"]
InputRole = Literal["image", "last_image", "mask", "reference", "video", "audio", "document", "text"]
"""What an input is for: the (first) image, the last one of a video, where an edit may paint, what to take after …"""


class Input(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Something that goes in beside the prompt, as far as it is known.

    `source` is where it is: a URL, a `data:` URI, a path, the id of an asset (`asset_…`) or of a job (`job_…`, whose first
    output is meant), or the text itself for `kind="text"`. `role` is what it is for, where that is not what its kind says. `seconds` is how long a
    sound or a video is, `pages` how many a document has; `width` and `height` are in pixels, `bytes` is the size of the
    file, `characters` the length of a text.
    """

    kind: InputKind
    source: str | None = None
    role: InputRole | None = None
    seconds: float | None = None
    pages: int | None = None
    width: int | None = None
    height: int | None = None
    bytes: int | None = None
    characters: int | None = None


class GenerationRequest(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One generation: an operation of a model, with what goes in.

    `operation` is one of `genmux.contract.operations`; `params` are the model's own parameters by name, such as
    `duration` in seconds or `size` in pixels as `1024x1536`. `budget_limit` is the most that it may cost in US dollars.
    The same `idempotency_key` means the same generation, which is then made only once.
    """

    operation: str
    model: str
    prompt: str = ""
    inputs: tuple[Input, ...] = ()
    params: Mapping[str, Any] = msgspec.field(default_factory=dict)
    budget_limit: Decimal | None = None
    tags: Mapping[str, str] = msgspec.field(default_factory=dict)
    idempotency_key: str | None = None
