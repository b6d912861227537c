"""Submissions that are refused: nothing is taken, nothing is billed, and the error says why."""

from genmux.testing.conformance.bench import Bench
from genmux.testing.conformance.check import CHECKS, Check
from genmux.types.errors import ErrorKind, ProviderError, Retry
from genmux.types.jobs import Failed, Filtered

_SERVER = frozenset({ErrorKind.SERVER, ErrorKind.OVERLOADED})
_KEY = frozenset({ErrorKind.AUTHENTICATION, ErrorKind.PERMISSION})
_MONEY = frozenset({ErrorKind.QUOTA_EXCEEDED})

REFUSED: dict[str, tuple[str, frozenset[ErrorKind]]] = {
    "invalid_request": ("refused invalid_request", frozenset({ErrorKind.INVALID_REQUEST})),
    "authentication": ("unauthorized", _KEY),
    "permission": ("refused permission", _KEY),
    "quota_exceeded": ("no-credit", _MONEY),
    "rate_limit": ("slots-full 1", frozenset({ErrorKind.RATE_LIMIT})),
    "overloaded": ("overloaded", _SERVER),
    "server": ("refused server", _SERVER),
    "content_filtered": ("refused-content", frozenset({ErrorKind.CONTENT_FILTERED})),
}
"""Each refusal, how it is brought about, and what it may be called."""


def _refusal(name: str, directive: str, kinds: frozenset[ErrorKind]) -> Check:
    async def run(bench: Bench) -> None:
        came = await bench.tried(lambda: bench.submit(directive))
        if isinstance(came, ProviderError):
            assert came.kind in kinds, f"it should be {' or '.join(sorted(kinds))}; it is {came!r}"
            _check_retry(came)
        else:
            filtered = isinstance(came, Filtered | Failed) and ErrorKind.CONTENT_FILTERED in kinds
            assert filtered, f"a submission that was refused gave {came!r}; raise, or give Filtered"
        assert bench.bills == []

    meaning = f"A submission that is refused ({name}) raises that kind of error, and is not taken."
    return Check(f"a-submission-may-be-refused-{name.replace('_', '-')}", meaning, run, lambda _subject: True)


def _check_retry(error: ProviderError) -> None:
    if error.kind is ErrorKind.RATE_LIMIT:
        assert error.retry is Retry.SAFE, "a submission that met full slots may be sent again"
    if error.kind in {ErrorKind.INVALID_REQUEST, ErrorKind.AUTHENTICATION, ErrorKind.CONTENT_FILTERED}:
        assert error.retry is Retry.NEVER, f"it would be refused again, so `retry` is `never`; it is {error.retry}"


async def _error_in_success(bench: Bench) -> None:
    error = await bench.fails(lambda: bench.submit("error-200"))
    assert error.message
    assert bench.bills == []


for _name, (_directive, _kinds) in REFUSED.items():
    _check = _refusal(_name, _directive, _kinds)
    CHECKS[_check.name] = _check
CHECKS["an-error-inside-of-a-success-is-one"] = Check(
    "an-error-inside-of-a-success-is-one",
    "A submission that is answered with an error inside of a success was not taken, and raises.",
    _error_in_success,
    lambda _subject: True,
)
