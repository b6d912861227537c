"""What each HTTP status, error code and phrase means, as far as providers share it. Tables and their look-up."""

import re
from functools import cache

from genmux.types.errors import ErrorKind, Retry

STATUS_KINDS: dict[int, ErrorKind] = {
    400: ErrorKind.INVALID_REQUEST,
    401: ErrorKind.AUTHENTICATION,
    402: ErrorKind.QUOTA_EXCEEDED,
    403: ErrorKind.PERMISSION,
    404: ErrorKind.NOT_FOUND,
    408: ErrorKind.TIMEOUT,
    410: ErrorKind.NOT_FOUND,
    424: ErrorKind.SERVER,
    425: ErrorKind.OVERLOADED,
    429: ErrorKind.RATE_LIMIT,
    451: ErrorKind.CONTENT_FILTERED,
    498: ErrorKind.OVERLOADED,  # Groq: flex tier at capacity
    499: ErrorKind.CANCELLED,
    501: ErrorKind.UNSUPPORTED,
    503: ErrorKind.OVERLOADED,
    504: ErrorKind.TIMEOUT,
    521: ErrorKind.OVERLOADED,  # Cloudflare: the provider refused the connection
    522: ErrorKind.TIMEOUT,
    524: ErrorKind.TIMEOUT,
    529: ErrorKind.OVERLOADED,
}
"""What an HTTP status means where the provider says no more; others go by their hundred."""

HUNDRED_KINDS: dict[int, ErrorKind] = {
    3: ErrorKind.CONFIGURATION,  # redirects are never followed: a base URL is wrong
    4: ErrorKind.INVALID_REQUEST,
    5: ErrorKind.SERVER,
}

RETRY_BY_KIND: dict[ErrorKind, Retry] = {
    ErrorKind.RATE_LIMIT: Retry.SAFE,
    ErrorKind.OVERLOADED: Retry.SAFE,
    ErrorKind.TIMEOUT: Retry.UNSURE,
    ErrorKind.NETWORK: Retry.UNSURE,
    ErrorKind.SERVER: Retry.UNSURE,
    ErrorKind.MALFORMED_REPLY: Retry.UNSURE,
    ErrorKind.UNKNOWN: Retry.UNSURE,
}
"""May a refused request be repeated? A refusal that names rate or load was not accepted; a failure may have been."""

COMMON_CODES: dict[ErrorKind, tuple[str, ...]] = {
    ErrorKind.AUTHENTICATION: (
        "invalid_api_key", "wrong_api_key", "authentication_error", "invalid_authentication_error", "unauthenticated",
        "api_key_invalid", "api_key_expired", "unrecognized_client_exception", "expired_token_exception",
        "invalid_signature_exception", "incomplete_signature",
    ),
    ErrorKind.PERMISSION: (
        "permission_error", "permission_denied", "permission_denied_error", "forbidden", "access_denied",
        "access_denied_exception", "service_disabled", "consumer_suspended", "unsupported_country_region_territory",
    ),
    ErrorKind.QUOTA_EXCEEDED: (
        "insufficient_quota", "billing_hard_limit_reached", "billing_error", "billing_not_active", "billing_disabled",
        "payment_required", "insufficient_balance", "insufficient_credits", "exceeded_current_quota_error", "arrearage",
        "service_quota_exceeded_exception",
    ),
    ErrorKind.RATE_LIMIT: (
        "rate_limit_exceeded", "rate_limit_error", "rate_limit_reached", "rate_limit_reached_error", "rate_limited",
        "rate_limit", "too_many_requests", "too_many_requests_exception", "throttling", "throttling_exception",
        "resource_exhausted", "request_limit_exceeded", "limit_requests",
    ),
    ErrorKind.NOT_FOUND: (
        "model_not_found", "model_not_exist", "not_found", "not_found_error", "resource_not_found_error",
        "resource_not_found_exception", "deployment_not_found",
    ),
    ErrorKind.CONTEXT_OVERFLOW: (
        "context_length_exceeded", "exceed_context_size_error", "too_many_tokens", "string_above_max_length",
    ),
    ErrorKind.CONTENT_FILTERED: (
        "content_filter", "content_policy_violation", "responsible_ai_policy_violation", "data_inspection_failed",
        "moderation_blocked", "image_content_policy_violation",
    ),
    ErrorKind.OVERLOADED: (
        "overloaded", "overloaded_error", "engine_overloaded_error", "unavailable", "service_unavailable",
        "service_unavailable_exception", "model_not_ready_exception", "capacity_exceeded", "slow_down",
    ),
    ErrorKind.TIMEOUT: ("timeout_error", "deadline_exceeded", "model_timeout_exception"),
    ErrorKind.UNSUPPORTED: ("not_supported_error", "unimplemented"),
    ErrorKind.SERVER: (
        "api_error", "server_error", "internal", "internal_error", "internal_server_error", "internal_server_exception",
        "model_error_exception", "model_stream_error_exception", "upstream_error",
    ),
    ErrorKind.INVALID_REQUEST: (
        "invalid_request_error", "invalid_argument", "bad_request", "validation_exception", "invalid_prompt",
    ),
}  # fmt: skip
"""Codes and types that providers share. Case, `_` and `-` make no difference."""

VAGUE_KINDS = frozenset({ErrorKind.INVALID_REQUEST, ErrorKind.PERMISSION, ErrorKind.SERVER})
"""Kinds whose codes providers also use for something else: words and status say more."""

COMMON_PHRASES: dict[ErrorKind, tuple[str, ...]] = {
    ErrorKind.CONTEXT_OVERFLOW: (
        "maximum context length", "context length exceeded", "context_length_exceeded", "prompt is too long",
        "input is too long", "available context size", "exceeds? the context window", "exceeds? context limit",
        "exceeds? the model'?s? context", "number of input tokens exceeds", "exceeds the maximum number of tokens allowed",
        "maximum prompt length", "reduce the length of the messages", r"`inputs` (tokens|must have less than)",
    ),
    ErrorKind.AUTHENTICATION: (
        "incorrect api key", "invalid api key", "wrong api key", "api key not valid", "api key (is )?(invalid|expired)",
        "unregistered callers",
    ),
    ErrorKind.QUOTA_EXCEEDED: (
        "credit balance is too low", "insufficient (account )?(credit|balance|fund)", "requires more credits",
        "(doesn't|does not) have any credits", "used all available credits", "exceeded your monthly included credits",
        "check your plan and billing", "reached your specified api usage limits", "spending limit", "payment required",
    ),
    ErrorKind.CONTENT_FILTERED: (
        "content management policy", "content filtering policy", "violates? (our )?usage (guidelines|polic)",
        "violating our usage policy", "flagged (for|by|as)", "content exists risk", "considered high risk",
        "content policy violation",
    ),
    ErrorKind.NOT_FOUND: (
        "model not found", r"\bmodel \S{1,150} (does not exist|not found|was not found)", "is not a valid model id",
        "supported api model names are", "is not supported. supported models are",
    ),
    ErrorKind.RATE_LIMIT: ("rate limit (was )?(exceeded|reached)", "rate.limited", "exceeded (the |your )?rate limit", "too many requests"),
    ErrorKind.OVERLOADED: (
        "(currently|is|temporarily) overloaded", "(server|service) is (too )?busy", "is currently loading",
        "(at|over|no available) capacity",
    ),
    ErrorKind.UNSUPPORTED: ("(image|audio|video) input is not supported",),
    ErrorKind.PERMISSION: ("user location is not supported",),
}  # fmt: skip
"""Words (regular expressions, lower case) that tell a kind where code and status do not."""


def kind_of_status(status: int | None) -> ErrorKind | None:
    """The kind of an HTTP status, None for one that is no error."""
    return STATUS_KINDS.get(status) or HUNDRED_KINDS.get(status // 100) if status else None


def kind_of_code(code: str) -> ErrorKind | None:
    """The kind of a code that providers share."""
    return _by_code().get(_plain(code))


def kind_of_words(message: str) -> ErrorKind | None:
    """The kind that a message tells."""
    lowered = message.lower()
    return next((kind for kind, pattern in _patterns().items() if pattern.search(lowered)), None)


def _plain(code: str) -> str:
    return "".join(filter(str.isalnum, code)).lower()


@cache  # errors are rare: nothing of this is made before the first one
def _by_code() -> dict[str, ErrorKind]:
    return {_plain(code): kind for kind, codes in COMMON_CODES.items() for code in codes}


@cache
def _patterns() -> dict[ErrorKind, re.Pattern[str]]:
    return {
        kind: re.compile("|".join(f"(?:{phrase})" for phrase in phrases)) for kind, phrases in COMMON_PHRASES.items()
    }
