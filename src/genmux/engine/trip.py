"""One request on its way: whom it goes to, how often it was sent, and what its failure means."""

from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from genmux.contract.error_map import BODY_LIMIT, classify
from genmux.contract.http import HttpReply, HttpRequest, malformed
from genmux.contract.provider import Provider
from genmux.engine.deadlines import Deadline, Timeouts
from genmux.engine.permit import Permit
from genmux.engine.redact import Redactor
from genmux.engine.retry import RetryPolicy
from genmux.engine.retry_after import reset_wait, told_wait
from genmux.types.errors import ErrorKind, ProviderError

READ = 256 * 1024
"""So many bytes of an error are read; a longer one says nothing more."""


class Trip:
    """What the attempts of one request have in common.

    `sent` tells whether the provider may have the request by now: a deadline that passes before that leaves no doubt.
    """

    __slots__ = (
        "_clock",
        "_credential",
        "attempts",
        "deadline",
        "model",
        "permit",
        "policy",
        "provider",
        "request",
        "sent",
        "timeouts",
    )

    def __init__(  # noqa: PLR0913 — each names one fact of the trip
        self,
        provider: Provider,
        request: HttpRequest,
        *,
        credential: Mapping[str, str],
        model: str | None,
        timeouts: Timeouts,
        policy: RetryPolicy,
        permit: Permit | None,
        deadline: Deadline,
        clock: Callable[[], float],
    ) -> None:
        self.provider = provider
        self.request = request
        self.model = model
        self.timeouts = timeouts
        self.policy = policy
        self.permit = permit
        self.deadline = deadline
        self.attempts = 0
        self.sent = False
        self._credential = credential
        self._clock = clock

    def leave(self) -> None:
        """An attempt is about to be sent. Raises ConfigurationError when its permit is closed."""
        if self.permit is not None:
            self.permit.leave()
        self.sent = True

    def explain(self, error: ProviderError) -> ProviderError:
        """The same error, knowing who failed and at which attempt, and without secrets."""
        error.provider = error.provider or self.provider.id
        error.model = error.model or self.model
        error.attempts = self.attempts
        self._redactor().error(error)
        return error

    def shown(self, text: str) -> str:
        """A text as it may be shown."""
        return self._redactor().text(text)

    def refused(self, reply: HttpReply) -> ProviderError:
        """The error that a reply is."""
        clean = HttpReply(status=reply.status, headers=reply.headers, body=self._redactor().body(reply.body[:READ]))
        error = classify(clean, self.provider.errors)
        error.retry_after = self._wait(error, reply.headers)
        return error

    def document(self, reply: HttpReply) -> ProviderError | None:
        """What one document in place of a stream means: an error, or None when it is the answer in one piece."""
        try:
            parsed: Any = msgspec.json.decode(reply.body)
        except (msgspec.DecodeError, UnicodeDecodeError):
            error = malformed("the provider answered with a page or text in place of a stream", status=reply.status)
            error.body = self._redactor().body(reply.body[: 2 * BODY_LIMIT]).decode()[:BODY_LIMIT] or None
            return error
        first = parsed[0] if isinstance(parsed, list) and parsed else parsed
        if not isinstance(first, dict):
            return malformed(
                "the provider answered with JSON that is no object in place of a stream", status=reply.status
            )
        if first.get("error") or "error" in (first.get("type"), first.get("object")):
            return self.refused(reply)
        return None

    def _wait(self, error: ProviderError, headers: Mapping[str, str]) -> float | None:
        now = self._clock()
        told = [wait for wait in (error.retry_after, told_wait(headers, now=now)) if wait is not None]
        if not told and error.kind in {ErrorKind.RATE_LIMIT, ErrorKind.OVERLOADED}:
            return reset_wait(headers, now=now)
        return max(told, default=None)

    def _redactor(self) -> Redactor:
        return Redactor.of(self._credential)
