"""What could not be carried, collected while a request is written."""

from genmux.dialects.anthropic_messages.schema import NAME
from genmux.types.content import Fields
from genmux.types.warning import Warning, WarningKind  # noqa: A004 — see genmux.types.warning


class Notes:
    """Collects warnings; fields of other dialects are gathered into one."""

    __slots__ = ("_foreign", "_warnings")

    def __init__(self) -> None:
        self._warnings: list[Warning] = []
        self._foreign: dict[str, dict[str, None]] = {}

    def add(self, kind: WarningKind, field: str, detail: str) -> None:
        """Note one difference."""
        self._warnings.append(Warning(kind, field, detail))

    def unsupported(self, field: str, detail: str) -> None:
        """Note what is left out."""
        self._warnings.append(Warning("unsupported", field, detail))

    def own(self, extra: Fields | None, dialect: str | None) -> Fields | None:
        """The fields, if they are the caller's own or of this dialect; otherwise they are left out and remembered.

        A null says nothing: other dialects use it to mark where something stood.
        """
        if extra is None or dialect is None or dialect == NAME:
            return extra
        if lost := {name: None for name, value in extra.items() if value is not None}:
            self._foreign.setdefault(dialect, {}).update(lost)
        return None

    def result(self) -> tuple[Warning, ...]:
        """All warnings."""
        foreign = [
            Warning("unsupported", "extra", f"fields of {dialect} have no place here: {', '.join(names)}")
            for dialect, names in self._foreign.items()
        ]
        return (*self._warnings, *foreign)
