"""What could not be carried, collected while a request is written."""

from genmux.dialects.openai_chat.schema import NAME
from genmux.types.content import Fields
from genmux.types.warning import Warning, WarningKind  # noqa: A004 — see genmux.types.warning


class Notes:
    """Collects warnings, each one once; fields of other dialects are gathered into one.

    `changed` tells that something is written in other words than the caller's, without loss; `renamed` holds the top-level
    fields that only have another name, in the order in which they were renamed.
    """

    __slots__ = ("_foreign", "_warnings", "changed", "renamed")

    def __init__(self) -> None:
        self._warnings: dict[Warning, None] = {}
        self._foreign: dict[str, dict[str, None]] = {}
        self.changed = False
        self.renamed: dict[str, str] = {}

    def add(self, kind: WarningKind, field: str, detail: str) -> None:
        """Note one difference."""
        self._warnings[Warning(kind, field, detail)] = None

    def unsupported(self, field: str, detail: str) -> None:
        """Note what is left out."""
        self.add("unsupported", field, detail)

    def own(self, extra: Fields | None, dialect: str | None) -> Fields:
        """A copy of the fields if they are the caller's own or of this dialect; others are left out and remembered."""
        if extra is None:
            return {}
        if dialect is None or dialect == NAME:
            return dict(extra)
        if lost := {key: None for key, value in extra.items() if value is not None}:
            self._foreign.setdefault(dialect, {}).update(lost)
        return {}

    @property
    def clean(self) -> bool:
        """Whether what is written is what was asked, word for word, but for the names of top-level fields."""
        return not (self._warnings or self._foreign or self.changed)

    def result(self) -> tuple[Warning, ...]:
        """All warnings."""
        if not self._foreign:
            return tuple(self._warnings)
        foreign = [
            Warning("unsupported", "extra", f"fields of {dialect} have no place here: {', '.join(names)}")
            for dialect, names in self._foreign.items()
        ]
        return (*self._warnings, *foreign)
