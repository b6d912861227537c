"""Answers requests: finds out what is asked, lets the simulator's model decide, and lets faults be played."""

import difflib
import secrets
from collections.abc import Callable
from functools import partial
from typing import NamedTuple

import msgspec

from genmux.contract.dialect import Answer, EmbedServer, ServerHalf
from genmux.dialects import load_dialect
from genmux.dialects.anthropic_messages import MessagesServer
from genmux.dialects.anthropic_messages import dialect as anthropic_messages
from genmux.dialects.openai_audio.schema import Way
from genmux.providers.mock.directive import Directive
from genmux.providers.mock.engine import MockEngine
from genmux.providers.mock.faults import KIND_FAULTS, error_of
from genmux.providers.mock.loaded import LoadedMock, Options
from genmux.providers.mock.script import Fault, Player
from genmux.testing.simulator.audio import SERVER as AUDIO
from genmux.testing.simulator.audio import Hearing, Speech, read_upload, words_of
from genmux.testing.simulator.chat import Chat
from genmux.testing.simulator.exchange import Exchange, play
from genmux.testing.simulator.faults.table import FAULTS, OF_EVENTS, WIRE_FAULTS, WireFault
from genmux.testing.simulator.http import Head, Request
from genmux.testing.simulator.listing import faults_page, models_page, start_page
from genmux.testing.simulator.records import Records, Seen
from genmux.testing.simulator.sounds import understood
from genmux.testing.simulator.steps import Headers, Steps, whole_answer
from genmux.testing.simulator.wishes import named, path_of, wished, with_model_fault
from genmux.types.errors import AuthenticationError, InvalidRequestError, NotFoundError, ProviderError

MODELS_KEPT = 256
"""How many model names are remembered."""


class Route(NamedTuple):
    """What is served at one ending of a path, in which dialect, with which header for the request's name."""

    method: str
    ending: str
    answer: Callable[["Asked"], Exchange]
    server: ServerHalf
    request_id: str

    def refuse(self, error: ProviderError) -> Answer:
        """An error as a provider writes it: the advice on retries that genmux adds for its callers is left out."""
        answer = self.server.refuse(error)
        headers = tuple(pair for pair in answer.headers if pair[0] != "x-should-retry")
        return msgspec.structs.replace(answer, headers=headers)


class Asked(NamedTuple):
    """A request with all that is known of it before its body is read."""

    request: Request
    route: Route
    directive: Directive
    headers: Headers


class Service:
    """Everything behind the socket. `now` tells Unix time, `key` is demanded of every request when it is given."""

    def __init__(
        self,
        *,
        engine: MockEngine,
        records: Records,
        options: Options,
        player: Player | None,
        key: str | None,
        now: Callable[[], float],
    ) -> None:
        self._engine = engine
        self._records = records
        self._options = options
        self._player = player
        self._key = key
        self._now = now
        self._models: dict[str, LoadedMock] = {}
        openai, anthropic = load_dialect("openai_chat").server, MessagesServer()
        self._openai, self._anthropic = openai, anthropic
        self._routes = (
            Route("POST", "/chat/completions", self._chat, openai, "x-request-id"),
            Route("POST", "/messages/count_tokens", self._count, anthropic, "request-id"),
            Route("POST", "/messages", self._chat, anthropic, "request-id"),
            Route("POST", "/embeddings", self._embed, openai, "x-request-id"),
            Route("POST", "/audio/speech", self._speak, openai, "x-request-id"),
            Route("POST", "/audio/transcriptions", self._hear, openai, "x-request-id"),
            Route("POST", "/audio/translations", partial(self._hear, way="translations"), openai, "x-request-id"),
            Route("GET", "/models", self._list, openai, "x-request-id"),
        )

    def early(self, head: Head, seen: Seen) -> Steps | None:
        """What is played as soon as the head was read, without waiting for the body."""
        if not head.path.startswith("/fault/") and "x-mock-fault" not in head.headers:
            return None
        try:
            fault = WIRE_FAULTS.get(wished(head).fault or "")
        except InvalidRequestError:
            return None  # told when the request is answered
        if fault is None or not fault.head:
            return None
        seen.fault = fault.name
        return fault.play(blank())

    def reply(self, request: Request, seen: Seen) -> Steps:
        """How a request is answered."""
        path = path_of(request.head)
        route = next((one for one in self._routes if path.endswith(one.ending)), None)
        if route is None or route.method != request.head.method:
            return iter((whole_answer(self._other(request, path, route)),))
        try:
            self._admit(request.head)
            exchange = route.answer(
                Asked(request, route, wished(request.head), ((route.request_id, f"req-{seen.number}"),))
            )
            fault = _wire_fault(exchange)
        except ProviderError as error:
            return iter((whole_answer(route.refuse(error)),))
        seen.fault = exchange.fault.name if exchange.fault else None
        return play(exchange) if fault is None else fault.play(exchange)

    def _admit(self, head: Head) -> None:
        if self._key is None:
            return
        given = head.headers.get("x-api-key") or head.headers.get("authorization", "").removeprefix("Bearer ")
        if not secrets.compare_digest(given.encode(), self._key.encode()):
            what = "is not the one that the simulator was started with" if given else "is missing"
            raise AuthenticationError(f"the API key {what}", code="invalid_api_key", status=401)

    def _other(self, request: Request, path: str, route: Route | None) -> Answer:
        """Pages of the simulator itself, and requests for what is not there."""
        try:
            self._admit(request.head)
            match request.head.method, path:
                case "GET", "/":
                    return start_page()
                case "GET", "/healthz":
                    return Answer(status=200, body=b'{"status":"ok"}')
                case "GET", "/mock/faults":
                    return faults_page()
                case "GET", "/mock/requests":
                    return Answer(status=200, body=msgspec.json.encode([seen.shown() for seen in self._records.kept]))
                case "DELETE", "/mock/requests":
                    self._records.kept.clear()
                    self._engine.recorder.clear()
                    return Answer(status=200, body=b"{}")
                case method, _:
                    pass
        except ProviderError as error:
            return self._openai.refuse(error)
        there = f"{path} is served with {route.method}, not {method}" if route else f"there is nothing at {path}"
        return self._openai.refuse(NotFoundError(f"{there}; GET / tells what there is", status=404))

    def _model(self, name: str) -> LoadedMock:
        name = named(name)
        loaded = self._models.get(name)
        if loaded is None:
            loaded = self._engine.loaded(name, options=self._options, player=self._player)
            if len(self._models) < MODELS_KEPT:
                self._models[name] = loaded
        return loaded

    def _chat(self, asked: Asked) -> Exchange:
        server = asked.route.server
        accepted = server.accept(asked.request.body)
        turn = self._model(accepted.request.model).decide(accepted.request, header=asked.directive)
        turn = msgspec.structs.replace(turn, model=accepted.request.model)
        native = anthropic_messages.name if server is self._anthropic else None
        return Chat(asked.route.refuse, server, accepted, turn, native, int(self._now())).exchange(
            headers=asked.headers, now=self._now()
        )

    def _count(self, asked: Asked) -> Exchange:
        request = self._anthropic.accept_count(asked.request.body).request
        count = self._model(request.model).count(request)
        return self._plain(asked, self._anthropic.respond_count(count), fault=self._told(asked, named(request.model)))

    def _embed(self, asked: Asked) -> Exchange:
        server: EmbedServer = load_dialect("openai_embeddings").server
        accepted = server.accept(asked.request.body)
        model = accepted.request.model
        latency, fault, result = self._model(model).embed(accepted.request, header=asked.directive)
        answer = server.respond(msgspec.structs.replace(result, model=model), accepted)
        return self._plain(asked, answer, fault=fault, latency=latency)

    def _speak(self, asked: Asked) -> Exchange:
        accepted = AUDIO.accept_speech(asked.request.body)
        manner = self._model(accepted.request.model).manner(accepted.request, header=asked.directive)
        return Speech(asked.route.refuse, accepted, manner).exchange(headers=asked.headers, now=self._now())

    def _hear(self, asked: Asked, *, way: Way = "transcriptions") -> Exchange:
        upload = read_upload(asked.request)
        accepted = AUDIO.accept_form(upload.fields, upload.audio, way)
        request = msgspec.structs.replace(accepted.request, audio=understood(upload.audio))
        manner = self._model(request.model).manner(request, header=asked.directive)
        manner = msgspec.structs.replace(manner, text=manner.text or words_of(upload.audio.name))
        accepted = msgspec.structs.replace(accepted, request=request)
        return Hearing(asked.route.refuse, accepted, manner).exchange(headers=asked.headers, now=self._now())

    def _list(self, asked: Asked) -> Exchange:
        page = models_page(anthropic="anthropic-version" in asked.request.head.headers)
        return self._plain(asked, page, fault=self._told(asked))

    def _told(self, asked: Asked, model: str = "") -> Fault | None:
        """The fault that is wished for beside the body."""
        said = with_model_fault(asked.directive, model)
        return Fault(name=said.fault, retry_after=said.retry_after, form=said.form or "seconds") if said.fault else None

    def _plain(self, asked: Asked, answer: Answer, *, fault: Fault | None, latency: float = 0.0) -> Exchange:
        """An exchange that is never streamed."""
        return Exchange(
            whole=partial(_unless, answer),
            refuse=asked.route.refuse,
            fault=fault,
            duration=latency,
            headers=asked.headers,
            now=self._now(),
        )


def _unless(answer: Answer, fault: Fault | None) -> Answer:
    """The answer, unless there is a fault to raise."""
    if fault is not None:
        raise error_of(fault)
    return answer


def blank() -> Exchange:
    """For faults that strike before anything is known."""
    empty = Answer(status=200, body=b"")
    return Exchange(whole=lambda _fault: empty, refuse=lambda _error: empty)


def _wire_fault(exchange: Exchange) -> WireFault | None:
    """The fault of the wire to play, None when there is none. Raises InvalidRequestError when there is no such fault."""
    name = exchange.fault.name if exchange.fault else None
    if name is None or name in KIND_FAULTS:
        return None
    fault = WIRE_FAULTS.get(name)
    if fault is None:
        near = " or ".join(difflib.get_close_matches(name, FAULTS, n=3))
        hint = f"did you mean {near}?" if near else "GET /mock/faults lists them"
        raise InvalidRequestError(f"there is no fault {name!r}; {hint}", param="fault")
    if fault.needs != "any" and (fault.needs == "stream") != exchange.streams:
        way = "ask with `stream`: true" if fault.needs == "stream" else "ask without `stream`"
        raise InvalidRequestError(f"the fault {name!r} cannot strike this reply; {way}", param="fault")
    if exchange.bare and name in OF_EVENTS:
        raise InvalidRequestError(
            f"the fault {name!r} cannot strike bare sound; ask with `stream_format`: sse", param="fault"
        )
    return fault
