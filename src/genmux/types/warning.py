"""What could not be carried to the provider exactly as it was asked."""

from typing import Literal

import msgspec

WarningKind = Literal["unsupported", "clamped", "renamed", "emulated", "defaulted", "deprecated"]


class Warning(msgspec.Struct, frozen=True, gc=False):  # noqa: A001 — the field's word; it is always reached as genmux.Warning
    """One difference between what was asked and what was sent: `field` names it, `detail` says what happened."""

    kind: WarningKind
    field: str
    detail: str

    def __str__(self) -> str:
        """Read it as one line."""
        return f"{self.kind}: `{self.field}`: {self.detail}"
