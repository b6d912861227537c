"""The engine: signs a request, sends it, repeats it where that is harmless, and says what became of it."""

import asyncio
import logging
import random as chance
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import TypeVar

import msgspec

from genmux.contract.error_map import classify
from genmux.contract.http import HttpReply, HttpRequest
from genmux.contract.jobs import Steps
from genmux.contract.provider import Provider
from genmux.contract.refused_sockets import refusal_of
from genmux.engine.deadlines import AlarmClocks, Deadline, Timeouts
from genmux.engine.framing import is_document, may_be_document
from genmux.engine.limits import Gates, SizeLimits
from genmux.engine.logs import provider_logger
from genmux.engine.permit import Permit, demand
from genmux.engine.redact import Redactor
from genmux.engine.retry import RetryPolicy
from genmux.engine.retry_after import told_wait
from genmux.engine.socket import Refused, Socket
from genmux.engine.stream import Hold, OpenStream
from genmux.engine.transport import Dialer, Transport, read_whole
from genmux.engine.trip import Trip
from genmux.engine.urls import absolute_url
from genmux.types.errors import ConfigurationError, ErrorKind, ProviderError, Retry, UnsupportedError

T = TypeVar("T")

_USUAL_TIMEOUTS = Timeouts()
_USUAL_POLICY = RetryPolicy()
_REMEMBERED = 1_024


class Called(msgspec.Struct, frozen=True):
    """A reply that is not an error, and how many attempts it took.

    `explain` takes an error that is found in the reply later: it learns where it happened, and loses every secret.
    """

    reply: HttpReply
    attempts: int
    explain: Callable[[ProviderError], ProviderError]


class Engine:
    """Sends requests to providers. One may be shared by all tasks of an event loop.

    `concurrency` limits the requests under way by provider id. Time, waiting and chance are handed in, so that tests need
    none of them: `clock` gives Unix time, `sleep` waits so many seconds, `random` gives a number from 0 to 1.
    """

    def __init__(
        self,
        transport: Transport,
        *,
        limits: SizeLimits | None = None,
        concurrency: Mapping[str, int] | None = None,
        clock: Callable[[], float] = time.time,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
        random: Callable[[], float] = chance.random,
    ) -> None:
        self._transport = transport
        self._limits = limits or SizeLimits()
        self._gates = Gates(concurrency)
        self._clock = clock
        self._sleep = sleep
        self._random = random
        self._alarms = AlarmClocks()
        self._urls: dict[tuple[str, str, tuple[str, ...]], str] = {}
        self._loggers: dict[str, logging.Logger] = {}
        self._closed = False

    async def call(  # noqa: PLR0913 — each names one fact of the call
        self,
        provider: Provider,
        credential: Mapping[str, str],
        http: HttpRequest,
        *,
        base_url: str,
        model: str | None = None,
        timeouts: Timeouts = _USUAL_TIMEOUTS,
        policy: RetryPolicy = _USUAL_POLICY,
        permit: Permit | None = None,
    ) -> Called:
        """Send a request and wait for its whole reply. Raises ProviderError, also for a reply that is an error.

        What may cost money needs a permit.
        """
        demand(permit, http)
        trip = Trip(
            provider,
            self.signed(provider, credential, http, base_url=base_url),
            credential=credential,
            model=model,
            timeouts=timeouts,
            policy=policy,
            permit=permit,
            deadline=Deadline(self._alarms.here(), timeouts.total),
            clock=self._clock,
        )
        try:
            with trip.deadline:
                reply = await self._attempts(trip, self._send)
        except TimeoutError as error:
            raise self._overdue(trip, f"{timeouts.total} s (total)") from error
        return Called(reply, trip.attempts, trip.explain)

    async def open(  # noqa: PLR0913 — each names one fact of the call
        self,
        provider: Provider,
        credential: Mapping[str, str],
        http: HttpRequest,
        *,
        base_url: str,
        model: str | None = None,
        timeouts: Timeouts = _USUAL_TIMEOUTS,
        policy: RetryPolicy = _USUAL_POLICY,
        permit: Permit | None = None,
    ) -> OpenStream:
        """Send a request and give its reply as soon as it has begun well; after that nothing is repeated.

        Raises ProviderError, also for a reply that is an error. What may cost money needs a permit.
        """
        demand(permit, http)
        trip = Trip(
            provider,
            self.signed(provider, credential, http, base_url=base_url),
            credential=credential,
            model=model,
            timeouts=timeouts,
            policy=policy,
            permit=permit,
            deadline=Deadline(self._alarms.here(), timeouts.stream),
            clock=self._clock,
        )
        try:
            with trip.deadline:
                return await self._attempts(trip, self._open)
        except TimeoutError as error:
            raise self._overdue(trip, f"{timeouts.stream} s (stream)") from error

    async def dial(
        self,
        provider: Provider,
        credential: Mapping[str, str],
        http: HttpRequest,
        *,
        base_url: str,
        model: str | None = None,
        connect: float = 15.0,
    ) -> Socket:
        """Open a WebSocket with the provider's credential. What is said in it is paid for turn by turn. Raises ProviderError."""
        if not isinstance(self._transport, Dialer):
            raise UnsupportedError("this transport opens no sockets", provider=provider.id, model=model)
        signed = self.signed(provider, credential, http, base_url=base_url)
        try:
            return await self._transport.dial(signed, connect=connect)
        except Refused as refusal:
            error = classify(
                HttpReply(status=refusal.status, headers=refusal.headers, body=refusal_of(refusal.headers)),
                provider.errors,
            )
            error.provider, error.model = provider.id, model
            error.retry_after = told_wait(refusal.headers, now=self._clock())
            Redactor.of(credential).error(error)
            raise error from None
        except ProviderError as error:
            error.provider, error.model = provider.id, model
            Redactor.of(credential).error(error)
            raise

    async def leave(self) -> None:
        """Close the connections of the running event loop, which is about to end; other loops go on."""
        await self._transport.leave()

    async def aclose(self) -> None:
        """Close all connections. Idempotent; nothing can be sent afterwards."""
        self._closed = True
        await self._transport.aclose()

    def signed(
        self, provider: Provider, credential: Mapping[str, str], http: HttpRequest, *, base_url: str
    ) -> HttpRequest:
        """The request that may be sent: absolute, with the provider's headers and the credential."""
        if self._closed:
            message = "this client is closed; make a new one"
            raise ConfigurationError(message, provider=provider.id)
        if http.unsigned:
            return http
        try:
            aside = http.root if http.root is not None and base_url == provider.manifest.base_url.rstrip("/") else ""
            url = self._absolute(base_url, aside + http.url, provider.manifest.api_hosts)
        except ProviderError as error:
            error.provider = provider.id
            Redactor.of(credential).error(error)
            raise
        request = msgspec.structs.replace(http, url=url)
        if provider.manifest.headers:
            given = {name.lower() for name, _ in request.headers}
            request = request.with_headers(
                (name, value) for name, value in provider.manifest.headers.items() if name.lower() not in given
            )
        auth = provider.auth
        if callable(auth):
            return auth(request, credential)
        return auth.sign(request, credential, self._clock())

    async def walk(  # noqa: PLR0913 — each names one fact of the call
        self,
        provider: Provider,
        credential: Mapping[str, str],
        steps: Steps[T],
        *,
        base_url: str,
        model: str | None = None,
        timeouts: Timeouts = _USUAL_TIMEOUTS,
        policy: RetryPolicy = _USUAL_POLICY,
    ) -> T:
        """Drive steps to their end: send what they yield, give them the reply, or raise in them what went wrong.

        Raises ProviderError. What costs is no step: it needs a permit, and there is none here.
        """
        try:
            http = next(steps)
            while True:
                try:
                    called = await self.call(
                        provider, credential, http, base_url=base_url, model=model, timeouts=timeouts, policy=policy
                    )
                except ProviderError as error:
                    http = steps.throw(error)
                else:
                    http = steps.send(called.reply)
        except StopIteration as end:
            return end.value
        finally:
            steps.close()

    def _absolute(self, base_url: str, url: str, api_hosts: tuple[str, ...]) -> str:
        key = (base_url, url, api_hosts)
        known = self._urls.get(key)
        if known is None:
            known = absolute_url(base_url, url, api_hosts=api_hosts)
            if len(self._urls) >= _REMEMBERED:
                self._urls.clear()
            self._urls[key] = known
        return known

    async def _attempts(self, trip: Trip, once: Callable[[Trip], Awaitable[T]]) -> T:
        """The one place where anything is sent again."""
        while True:
            trip.attempts += 1
            try:
                return await once(trip)
            except ProviderError as error:
                wait = self._wait(trip, error)
                if wait is None:
                    raise
            await self._sleep(wait)

    def _wait(self, trip: Trip, error: ProviderError) -> float | None:
        trip.explain(error)
        if error.retry is Retry.SAFE:
            trip.sent = False
        wait = trip.policy.wait(error, trip.request, attempt=trip.attempts, chance=self._random())
        if wait is not None and wait >= trip.deadline.remaining:
            wait = None
        if wait is not None and error.retry is Retry.UNSURE and trip.permit is not None:
            trip.permit.doubts += 1
        logger = self._logger(trip.provider.id)
        if logger.isEnabledFor(logging.INFO):
            then = "gave up" if wait is None else f"trying again in {wait:.2f} s"
            logger.info(
                "attempt %d failed, %s: %s",
                trip.attempts,
                then,
                error,
                extra={"model": trip.model, "attempt": trip.attempts, "kind": error.kind.value, "status": error.status},
            )
        return wait

    async def _send(self, trip: Trip) -> HttpReply:
        gate = self._gates.gate(trip.provider)
        if gate is not None:
            await gate.acquire()
        try:
            trip.leave()
            reply = await self._transport.send(trip.request, timeouts=trip.timeouts, limits=self._limits)
        finally:
            if gate is not None:
                gate.release()
        self._note(trip, reply.status)
        if reply.status >= 300:
            raise trip.refused(reply)
        return reply

    async def _open(self, trip: Trip) -> OpenStream:
        gate = self._gates.gate(trip.provider)
        if gate is not None:
            await gate.acquire()
        hold: Hold | None = None
        try:
            trip.leave()
            source = await self._transport.open(trip.request, timeouts=trip.timeouts)
            hold = Hold(source, clock=self._alarms.here(), gate=gate)
            self._note(trip, source.status)
            stream = await self._begin(trip, hold)
            if trip.timeouts.stream is not None:
                hold.end_at(trip.deadline.when, limit=trip.timeouts.stream)
        except BaseException:  # also a cancellation: connection and place at the gate are given back
            if hold is not None:
                hold.release()
            elif gate is not None:
                gate.release()
            raise
        return stream

    async def _begin(self, trip: Trip, hold: Hold) -> OpenStream:
        """Make sure that what has begun is a stream: by its status first, then, where in doubt, by its first bytes."""
        source, framing = hold.source, trip.request.framing
        if source.status >= 300:
            raise trip.refused(await read_whole(source, limits=self._limits))
        begun = b""
        if may_be_document(source.headers.get("content-type", ""), framing):
            begun = await source.read()
        stream = OpenStream(hold, trip, limits=self._limits, begun=begun)
        if is_document(begun, framing):
            await stream.take_whole(begun)
        return stream

    def _overdue(self, trip: Trip, limit: str) -> ProviderError:
        message = f"not done within {limit}"
        retry = Retry.UNSURE if trip.sent else Retry.SAFE
        return trip.explain(ProviderError(message, kind=ErrorKind.TIMEOUT, retry=retry))

    def _note(self, trip: Trip, status: int) -> None:
        logger = self._logger(trip.provider.id)
        if logger.isEnabledFor(logging.DEBUG):
            logger.debug(
                "HTTP %d: %s %s",
                status,
                trip.request.method,
                trip.shown(trip.request.url),
                extra={"model": trip.model, "attempt": trip.attempts, "status": status},
            )

    def _logger(self, provider: str) -> logging.Logger:
        logger = self._loggers.get(provider)
        if logger is None:
            logger = self._loggers[provider] = provider_logger(provider)
        return logger
