"""Leave to send one submission: once, soon after its intent was written down, and by whoever has the job."""

from collections.abc import Callable

from genmux.engine.permit import Permit
from genmux.types.errors import ErrorKind, ProviderError, Retry

SEND_WINDOW = 3.0
"""Seconds after the writing down of the intent in which a submission may leave. Later somebody else may have taken over."""


class TooLateError(ProviderError):
    """The process stood still for so long that the submission may not leave any more. Nothing was sent."""

    def __init__(self, seconds: float) -> None:
        message = f"{seconds:.1f} s passed between the intent and the sending; {SEND_WINDOW:g} s are allowed"
        super().__init__(message, kind=ErrorKind.TIMEOUT, retry=Retry.SAFE)


class JobPermit(Permit):
    """Made by the flow of a job alone, after its money was held and before its intent is written down."""

    __slots__ = ("_begun", "_clock")

    def __init__(self, clock: Callable[[], float]) -> None:
        super().__init__()
        self._clock = clock
        self._begun = clock()

    def begin(self) -> None:
        """The intent is about to be written down: the window begins."""
        self._begun = self._clock()

    def leave(self) -> None:
        """The submission is about to be sent. Raises TooLateError."""
        passed = self._clock() - self._begun
        if passed > SEND_WINDOW:
            raise TooLateError(passed)
        super().leave()
