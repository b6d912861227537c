"""An App with routes: several models at several providers, each answering from a script of its own; no waiting."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from genmux.app import App
from genmux.contract.http import HttpReply, HttpRequest
from genmux.contract.manifest import Credential, Limits, Manifest, ModelSpec, Probe, WireSpec
from genmux.engine.deadlines import Timeouts
from genmux.engine.limits import SizeLimits
from genmux.engine.transport import read_whole
from genmux.services.routing import Board
from genmux.services.settings import AccountOptions, ProviderSettings, Settings
from genmux.types.routes import Route, Step
from tests.fake_transport import Played, PlayedReply
from tests.unit.flows.call.house import answer, request
from tests.unit.flows.call.test_passage import body, passing
from tests.unit.services.shop import price

ASK = request(name="route/r", max_tokens=100)
"""What most tests ask of a route."""

PRICED = {"one": "1", "two": "2", "three": "3"}
"""The models of every provider here, and what a million of their tokens costs."""


class Clock:
    """Time that passes only when somebody waits."""

    def __init__(self) -> None:
        self.now = 1_000.0
        self.waits: list[float] = []

    def __call__(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.waits.append(seconds)
        self.now += seconds
        await asyncio.sleep(0)


class Roads:
    """A transport that answers by host, model and key: the first script that fits, its last reply for ever."""

    def __init__(self) -> None:
        self.scripts: dict[str, list[Played]] = {}
        self.sent: list[str] = []
        self.replies: list[PlayedReply] = []
        self.arrived = asyncio.Event()

    async def send(self, request: HttpRequest, *, timeouts: Timeouts, limits: SizeLimits) -> HttpReply:
        return await read_whole(await self.open(request, timeouts=timeouts), limits=limits)

    async def open(self, request: HttpRequest, *, timeouts: Timeouts) -> PlayedReply:
        del timeouts
        host = request.url.split("/")[2].split(".")[1]
        if request.method == "GET":
            place, key = f"{host}/health", ""
        else:
            place, key = f"{host}/{msgspec.json.decode(request.body or b'')['model']}", _key(request)
        self.sent.append(f"{place} {key}".strip())
        self.arrived.set()
        script = next((found for name in (f"{place} {key}", place) if (found := self.scripts.get(name))), None)
        if script is None:
            script = [answer()]
        played = script.pop(0) if len(script) > 1 else script[0]
        if played.error is not None:
            raise played.error
        self.replies.append(PlayedReply(played))
        return self.replies[-1]

    async def leave(self) -> None:
        """Nothing is open."""

    async def aclose(self) -> None:
        """Nothing is open."""


def _key(request: HttpRequest) -> str:
    return dict(request.headers)["authorization"].removeprefix("Bearer ")


def provider(name: str, **models: ModelSpec) -> Manifest:
    """A provider with three chat models and one for vectors."""
    usual = {
        model: ModelSpec(
            operations={"chat": "chat"},
            prices=(price("tokens.input", amount), price("tokens.output", amount)),
            limits=Limits(max_output_tokens=1_000),
        )
        for model, amount in PRICED.items()
    }
    vectors = ModelSpec(operations={"embed": "embed"}, prices=(price("tokens.input", "1"),))
    return Manifest(
        spec=1,
        id=name,
        name=name.title(),
        base_url=f"https://api.{name}.test/v1",
        credentials={"api_key": Credential()},
        wires={"chat": WireSpec(dialect="openai_chat"), "embed": WireSpec(dialect="openai_embeddings")},
        models={**usual, "vectors": vectors, **models},
        models_policy="closed",
        health=Probe(path="/models"),
    )


class Town:
    """The App, its transport and its clock."""

    def __init__(
        self,
        routes: Mapping[str, Route] | None = None,
        *,
        accounts: int = 0,
        manifests: Sequence[Manifest] = (),
        **settings: Any,
    ) -> None:
        self.roads = Roads()
        self.clock = Clock()
        named = {f"a{number}": AccountOptions(credentials={"api_key": f"k{number}"}) for number in range(accounts)}
        own = {
            name: ProviderSettings(accounts=named, credentials={} if named else {"api_key": "k"})
            for name in ("acme", "bolt", "core")
        }
        self.app = App(Settings(routes=dict(routes or {}), providers=own, **settings), environ={}, transport=self.roads)
        for manifest in manifests or [provider(name) for name in own]:
            self.app.registry.register(manifest)
        self.board = Board(self.clock)
        journeys = self.app.calls.journeys
        journeys._standing = journeys.routes._standing = self.board  # noqa: SLF001
        journeys._clock = self.clock  # noqa: SLF001
        journeys._door._clock = self.clock  # noqa: SLF001
        journeys._guides = msgspec.structs.replace(  # noqa: SLF001
            journeys._guides,  # noqa: SLF001
            standing=self.board,
            clock=self.clock,
            sleep=self.clock.sleep,
            random=lambda: 0.0,
        )
        self.app.accounts._clock = self.clock  # noqa: SLF001
        self.app.engine._sleep = self.clock.sleep  # noqa: SLF001
        self.app.engine._random = lambda: 0.0  # noqa: SLF001

    def plays(self, place: str, *script: Played) -> None:
        """What a model (`acme/one`, or with an account's key: `acme/one k1`) answers, one after another."""
        self.roads.scripts[place] = [*script]

    @property
    def sent(self) -> list[str]:
        """Where requests went, with the key, in their order."""
        return self.roads.sent

    @property
    def models(self) -> list[str]:
        """The same without the keys."""
        return [one.split(" ")[0] for one in self.roads.sent]

    async def until(self, times: int) -> None:
        """Wait until so many requests were sent."""
        while len(self.sent) < times:
            self.roads.arrived.clear()
            await self.roads.arrived.wait()


def outcomes(steps: tuple[Step, ...]) -> list[tuple[str, str]]:
    """What became of each model."""
    return [(step.model, step.outcome) for step in steps]


async def streamed_text(town: Town, *, passes: bool) -> str:
    """The text (or the bytes that pass) of a streamed answer of `route/r`."""
    if not passes:
        return "".join([text async for text in (await town.app.calls.stream(ASK)).text()])
    stream = await passing(town.app, body(model="route/r", stream=True, max_tokens=100))
    pieces: list[bytes] = []
    while (piece := await stream.read()) is not None:
        pieces.append(piece)
    return b"".join(pieces).decode()
