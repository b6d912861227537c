"""What a simulated provider does not do, and the usual HTTP status for it; a personality spells it."""

from typing import NamedTuple


class _Usual(NamedTuple):
    status: int
    code: str


REFUSALS: dict[str, _Usual] = {
    "invalid_request": _Usual(400, "invalid_request"),
    "authentication": _Usual(401, "unauthorized"),
    "permission": _Usual(403, "forbidden"),
    "quota_exceeded": _Usual(402, "insufficient_credits"),
    "not_found": _Usual(404, "not_found"),
    "conflict": _Usual(409, "conflict"),
    "content_filtered": _Usual(422, "content_policy_violation"),
    "rate_limit": _Usual(429, "too_many_requests"),
    "server": _Usual(500, "internal_error"),
    "overloaded": _Usual(503, "overloaded"),
}


class Refusal(Exception):  # noqa: N818 — it is an answer, not an accident
    """An answer that is no success. `kind` is one of REFUSALS, `status` and `code` are the usual ones unless told.

    `inside_success` says that it must look like one: an error inside of a 200.
    """

    def __init__(
        self,
        kind: str,
        message: str,
        *,
        status: int | None = None,
        code: str | None = None,
        retry_after: float | None = None,
        inside_success: bool = False,
    ) -> None:
        super().__init__(message)
        usual = REFUSALS[kind]
        self.kind = kind
        self.message = message
        self.code = code or usual.code
        self.status = 200 if inside_success else status or usual.status
        self.retry_after = retry_after
        self.inside_success = inside_success
