"""The errors that the simulator can play: one for each kind, as providers raise them."""

from collections.abc import Iterable

import msgspec

from genmux.contract.error_kinds import RETRY_BY_KIND
from genmux.providers.mock.script import Fault
from genmux.types.errors import ErrorKind, ProviderError, Retry, UnsupportedError


class KindFault(msgspec.Struct, frozen=True):
    """How one kind of error looks: HTTP status, the provider's code, its words."""

    status: int | None
    code: str
    message: str


KIND_FAULTS: dict[str, KindFault] = {
    ErrorKind.AUTHENTICATION: KindFault(401, "invalid_api_key", "the key is wrong"),
    ErrorKind.PERMISSION: KindFault(403, "permission_error", "the key may not use this model"),
    ErrorKind.RATE_LIMIT: KindFault(429, "rate_limit_exceeded", "too many requests"),
    ErrorKind.QUOTA_EXCEEDED: KindFault(402, "insufficient_quota", "the account has no credit left"),
    ErrorKind.INVALID_REQUEST: KindFault(400, "invalid_request_error", "the request is wrong"),
    ErrorKind.NOT_FOUND: KindFault(404, "model_not_found", "the model does not exist"),
    ErrorKind.CONTEXT_OVERFLOW: KindFault(
        400, "context_length_exceeded", "the prompt exceeds the maximum context length"
    ),
    ErrorKind.CONTENT_FILTERED: KindFault(400, "content_policy_violation", "the content policy forbids the prompt"),
    ErrorKind.TIMEOUT: KindFault(504, "timeout_error", "the answer took too long"),
    ErrorKind.NETWORK: KindFault(None, "network_error", "the connection broke"),
    ErrorKind.OVERLOADED: KindFault(503, "overloaded_error", "there is no capacity at the moment"),
    ErrorKind.SERVER: KindFault(500, "server_error", "the server failed"),
    ErrorKind.MALFORMED_REPLY: KindFault(None, "malformed_reply", "the reply cannot be understood"),
    ErrorKind.CANCELLED: KindFault(499, "cancelled", "the request was cancelled"),
    ErrorKind.CONFIGURATION: KindFault(None, "configuration", "something is not set up"),
    ErrorKind.BUDGET_EXCEEDED: KindFault(None, "budget_exceeded", "the request may cost more than it is allowed to"),
    ErrorKind.UNSUPPORTED: KindFault(501, "unsupported", "the model cannot do this"),
    ErrorKind.UNKNOWN: KindFault(None, "unknown", "nobody knows what went wrong"),
}
"""Every kind of error by its name."""

AT_RANDOM = (ErrorKind.RATE_LIMIT, ErrorKind.OVERLOADED, ErrorKind.SERVER)
"""What `error_rate` draws from."""


def error_of(fault: Fault, *, model: str | None = None, also: Iterable[str] = ()) -> ProviderError:
    """The error that a fault stands for; one of the wire stands for an UnsupportedError, for there is no wire here.

    `also` are names that could have been said besides.
    """
    told = KIND_FAULTS.get(fault.name)
    if told is None:
        return UnsupportedError(
            f"the fault {fault.name!r} cannot be played inside the process: use one of {', '.join([*also, *KIND_FAULTS])},"
            " or ask the simulator's server for it (`genmux mock --list-faults`)",
            provider="mock",
            model=model,
            param="fault",
        )
    return ProviderError(
        fault.message or f"{told.message} (played by the simulator)",
        kind=fault.name,
        provider="mock",
        model=model,
        status=fault.status or told.status,
        code=fault.code or told.code,
        retry=fault.retry or RETRY_BY_KIND.get(ErrorKind(fault.name), Retry.NEVER),
        retry_after=fault.retry_after,
    )
