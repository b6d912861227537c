"""Errors, all of one tree.

GenmuxError
└── ProviderError(kind, message, provider, model, status, code, retry, retry_after, request_id)
    └── one class for each kind, so that both `except RateLimitError` and `match error.kind` read well
"""

from enum import StrEnum
from typing import TYPE_CHECKING, ClassVar, Literal, Self


class ErrorKind(StrEnum):
    """What went wrong, in one word that is the same for every provider."""

    AUTHENTICATION = "authentication"
    PERMISSION = "permission"
    RATE_LIMIT = "rate_limit"
    QUOTA_EXCEEDED = "quota_exceeded"
    INVALID_REQUEST = "invalid_request"
    NOT_FOUND = "not_found"
    CONTEXT_OVERFLOW = "context_overflow"
    CONTENT_FILTERED = "content_filtered"
    TIMEOUT = "timeout"
    NETWORK = "network"
    OVERLOADED = "overloaded"
    SERVER = "server"
    MALFORMED_REPLY = "malformed_reply"
    CANCELLED = "cancelled"
    CONFIGURATION = "configuration"
    BUDGET_EXCEEDED = "budget_exceeded"
    UNSUPPORTED = "unsupported"
    UNKNOWN = "unknown"


class Retry(StrEnum):
    """May the same request be sent again?

    `safe`: nothing was accepted. `never`: it would fail again. `unsure`: it may have been accepted, and billed.
    """

    NEVER = "never"
    SAFE = "safe"
    UNSURE = "unsure"


class GenmuxError(Exception):
    """Anything that genmux raises on purpose."""


class ProviderError(GenmuxError):
    """A provider refused or failed, or a request could not be made.

    `kind` says what went wrong and `retry` whether the request may be repeated; `retry_after` is in seconds. `code` and
    `status` are the provider's own. `body` is the redacted, shortened body of the reply.
    """

    default_kind: ClassVar[ErrorKind] = ErrorKind.UNKNOWN

    if not TYPE_CHECKING:  # checkers read the signature of __init__

        def __new__(cls, *args: object, **fields: object) -> Self:
            """Make an instance of the class that belongs to `kind`."""
            kind = fields.get("kind")
            chosen = _CLASSES.get(ErrorKind(kind), cls) if kind is not None and cls is ProviderError else cls
            return super().__new__(chosen, *args)

    def __init__(  # noqa: PLR0913 — one field each, all optional
        self,
        message: str = "",
        *,
        kind: ErrorKind | str | None = None,
        provider: str | None = None,
        model: str | None = None,
        status: int | None = None,
        code: str | None = None,
        param: str | None = None,
        retry: Retry | str = Retry.NEVER,
        retry_after: float | None = None,
        request_id: str | None = None,
        body: str | None = None,
        attempts: int = 0,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.kind = ErrorKind(kind) if kind is not None else self.default_kind
        self.provider = provider
        self.model = model
        self.status = status
        self.code = code
        self.param = param
        self.retry = Retry(retry)
        self.retry_after = retry_after
        self.request_id = request_id
        self.body = body
        self.attempts = attempts

    @property
    def retryable(self) -> bool:
        """Whether sending the same request again is harmless."""
        return self.retry is Retry.SAFE

    def __reduce__(self) -> tuple[object, ...]:
        """Survive the way between processes."""
        return (_bare, (type(self), self.message), vars(self))

    def __str__(self) -> str:
        """Read as `kind: message (provider/model, status)`."""
        where = "/".join(part for part in (self.provider, self.model) if part)
        facts = ", ".join(part for part in (where, f"HTTP {self.status}" if self.status else "") if part)
        return f"{self.kind}: {self.message}" + (f" ({facts})" if facts else "")


def _bare(error_class: type[ProviderError], message: str) -> ProviderError:
    """An error without its fields; unpickling puts them back."""
    return Exception.__new__(error_class, message)


class AuthenticationError(ProviderError):
    """The key is missing, wrong or revoked."""

    default_kind = ErrorKind.AUTHENTICATION


class PermissionDeniedError(ProviderError):
    """The key is right but may not do this."""

    default_kind = ErrorKind.PERMISSION


class RateLimitError(ProviderError):
    """Too many requests or tokens in a short time."""

    default_kind = ErrorKind.RATE_LIMIT


class QuotaExceededError(ProviderError):
    """The account has no credit left."""

    default_kind = ErrorKind.QUOTA_EXCEEDED


class InvalidRequestError(ProviderError):
    """The request is wrong and would be wrong again."""

    default_kind = ErrorKind.INVALID_REQUEST


class NotFoundError(ProviderError):
    """The model, the provider or the thing asked for does not exist."""

    default_kind = ErrorKind.NOT_FOUND


class ContextOverflowError(ProviderError):
    """The conversation is longer than the model's context."""

    default_kind = ErrorKind.CONTEXT_OVERFLOW


class ContentFilteredError(ProviderError):
    """The provider's content policy refused the request or the answer."""

    default_kind = ErrorKind.CONTENT_FILTERED


class RequestTimeoutError(ProviderError):
    """A deadline passed."""

    default_kind = ErrorKind.TIMEOUT


class NetworkError(ProviderError):
    """The connection could not be made or broke."""

    default_kind = ErrorKind.NETWORK


class OverloadedError(ProviderError):
    """The provider has no capacity at the moment."""

    default_kind = ErrorKind.OVERLOADED


class ServerError(ProviderError):
    """The provider failed."""

    default_kind = ErrorKind.SERVER


class MalformedReplyError(ProviderError):
    """The provider's reply cannot be understood."""

    default_kind = ErrorKind.MALFORMED_REPLY


class RequestCancelledError(ProviderError):
    """The request was cancelled."""

    default_kind = ErrorKind.CANCELLED


class ConfigurationError(ProviderError):
    """Something is not set up: a key, an extra, a manifest, a setting."""

    default_kind = ErrorKind.CONFIGURATION


class BudgetExceededError(ProviderError):
    """The request may cost more than it is allowed to."""

    default_kind = ErrorKind.BUDGET_EXCEEDED


class UnsupportedError(ProviderError):
    """The model or provider cannot do this."""

    default_kind = ErrorKind.UNSUPPORTED


_CLASSES: dict[ErrorKind, type[ProviderError]] = {cls.default_kind: cls for cls in ProviderError.__subclasses__()}


class ValidationError(InvalidRequestError):
    """Several faults of one request, all found before anything was sent; `faults` lists them."""

    def __init__(self, faults: tuple[str, ...], *, provider: str | None = None, model: str | None = None) -> None:
        super().__init__("; ".join(faults), provider=provider, model=model)
        self.faults = faults


class MessageError(InvalidRequestError):
    """A command that cannot be sent in a session; the message says what can be sent instead."""


class AudioError(InvalidRequestError):
    """Sound in the wrong format or of the wrong length; the message says what is accepted."""


StoreReason = Literal["full", "locked", "gone", "closed", "failed", "read_only", "corrupt", "newer", "refused"]
"""What is wrong with a database; the first five may pass by themselves."""

_SETUP: frozenset[StoreReason] = frozenset({"newer", "refused"})
_LASTING: frozenset[StoreReason] = frozenset({"newer", "refused", "read_only", "corrupt"})


class StoreError(ProviderError):
    """The database failed, so that nothing can be booked; what costs money is then refused (HTTP 503).

    What was to be written was not, unless `retry` is `unsure`: then the connection was lost while it was being written.
    `reason` says what is wrong. What was set up wrongly is `configuration`, all else `overloaded`; `retry` is `never` where
    somebody must mend it, and `safe` where it may pass by itself.
    """

    def __init__(
        self,
        message: str = "",
        *,
        reason: StoreReason = "failed",
        retry: Retry | str | None = None,
        code: str | None = None,
    ) -> None:
        lasting = reason in _LASTING
        super().__init__(
            message,
            kind=ErrorKind.CONFIGURATION if reason in _SETUP else ErrorKind.OVERLOADED,
            status=503,
            code=code,
            retry=retry or (Retry.NEVER if lasting else Retry.SAFE),
            retry_after=60.0 if lasting else 5.0,
        )
        self.reason: StoreReason = reason
