"""What a provider says of a job that went wrong, as our state: by the table of errors in its manifest."""

from collections.abc import Iterator, Mapping

from genmux.contract.error_kinds import kind_of_code, kind_of_words
from genmux.types.errors import ErrorKind
from genmux.types.jobs import Failed, Filtered
from genmux.types.usage import Usage


class FailureTable:
    """Reads the manifest's `[errors]` for jobs: codes first, then phrases (keys with a space), then what all providers share.

    A code with dots is looked up by its beginnings too: `SAFETY` stands for `SAFETY.INPUT.TEXT`. What is
    `content_filtered` was kept back by the provider's policy, all else failed.
    """

    def __init__(self, errors: Mapping[str, ErrorKind]) -> None:
        self._codes = {key: kind for key, kind in errors.items() if " " not in key}
        self._phrases = {key.lower(): kind for key, kind in errors.items() if " " in key}

    def __call__(
        self, message: str, code: str | None = None, *, raw: str | None = None, usage: Usage | None = None
    ) -> Failed | Filtered:
        """The state that a failure means; `usage` is what was billed all the same, where that is told."""
        kind = self.kind(message, code)
        if kind is ErrorKind.CONTENT_FILTERED:
            return Filtered(reason=message or code or "", usage=usage, raw=raw)
        told = message or (f"it failed with {code}" if code else "it failed, and the provider does not say why")
        return Failed(message=told, kind=kind, code=code, usage=usage, raw=raw)

    def kind(self, message: str, code: str | None = None) -> ErrorKind:
        """What went wrong; a failure that says nothing is the provider's."""
        own = next((kind for one in _beginnings(code or "") if (kind := self._codes.get(one))), None)
        lowered = message.lower()
        return (
            own
            or next((kind for phrase, kind in self._phrases.items() if phrase in lowered), None)
            or kind_of_code(code or "")
            or kind_of_words(message)
            or ErrorKind.SERVER
        )


def _beginnings(code: str) -> Iterator[str]:
    """`A.B.C`, `A.B`, `A`."""
    while code:
        yield code
        code = code.rpartition(".")[0]
