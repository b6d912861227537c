"""What goes into a model beside its prompt, as wires and embedded engines see it."""

from collections.abc import Mapping
from typing import Any

import msgspec

from genmux.contract.http import FileBody
from genmux.contract.operations import Operation
from genmux.types.generation import InputKind, InputRole


class MediaInput(msgspec.Struct, frozen=True, kw_only=True):
    """One input, ready for a provider: as a `url` (http, https or `data:`), or as a `file`, as its model's manifest wants it.

    `bytes` is its size, `width` and `height` are in pixels, `seconds` is its length, where they are known. `asset` is our id.
    """

    kind: InputKind
    role: InputRole
    url: str | None = None
    file: FileBody | None = None
    media_type: str | None = None
    bytes: int | None = None
    width: int | None = None
    height: int | None = None
    seconds: float | None = None
    asset: str | None = None


class MediaRequest(msgspec.Struct, frozen=True, kw_only=True):
    """One generation as a wire or an embedded engine sees it: checked, with its defaults, and with its inputs ready.

    `params` have the shared canonical names. `folder` is where an embedded engine may write its files. `user` is an opaque
    id of the end user, for providers that want one.
    """

    operation: Operation
    prompt: str = ""
    params: Mapping[str, Any] = msgspec.field(default_factory=dict)
    inputs: tuple[MediaInput, ...] = ()
    folder: str = ""
    user: str | None = None

    def first(self, role: InputRole) -> MediaInput | None:
        """The first input with a role."""
        return next((one for one in self.inputs if one.role == role), None)

    def all(self, role: InputRole) -> tuple[MediaInput, ...]:
        """All inputs with a role, in their order."""
        return tuple(one for one in self.inputs if one.role == role)
