"""Why a turn ended, in our words."""

from genmux.types.realtime_events import ResponseStatus

_FILTERED = (
    "SAFETY",
    "PROHIBITED",
    "BLOCKLIST",
    "UNSAFE",
    "REJECTED",
    "NCII",
    "CELEBRITY",
    "MINORS",
    "IDENTIFIABLE",
    "PROMINENT",
)
"""What the reasons of content policies have in their names (google-genai 3.6.1, `TurnCompleteReason`)."""

_FAILED = frozenset({"MALFORMED_FUNCTION_CALL"})
_FINE = frozenset({"NEED_MORE_INPUT", "TURN_COMPLETE_REASON_UNSPECIFIED"})


def is_filtered(reason: str | None) -> bool:
    """Whether a content policy cut the turn off."""
    return reason is not None and any(word in reason for word in _FILTERED)


def status_of(reason: str | None, *, interrupted: bool) -> ResponseStatus:
    """How the turn ended."""
    if interrupted:
        return "cancelled"
    if reason is None or reason in _FINE:
        return "completed"
    return "failed" if reason in _FAILED else "incomplete"
