"""An App without network, time or keys: the provider `acme` speaks OpenAI's dialect, a script plays its replies."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import msgspec

from genmux.app import App
from genmux.contract.features import Support
from genmux.contract.local import Pause
from genmux.contract.manifest import Credential, Limits, Manifest, ModelSpec, Probe, WireSpec
from genmux.contract.model import Model
from genmux.contract.provider import Provider
from genmux.flows.call.options import CallOptions
from genmux.services.settings import ProviderSettings, Settings
from genmux.types.chat import ChatRequest
from genmux.types.events import Event
from genmux.types.parts import Part
from tests.fake_transport import FakeTransport, Played
from tests.unit.services.shop import asked, price

SSE = {"content-type": "text/event-stream", "x-request-id": "req-1"}
JSON = {"content-type": "application/json", "x-request-id": "req-1"}
PRICES = (
    price("tokens.input", "1"),
    price("tokens.output", "10"),
    price("tokens.output", "5", when={"service_tier": "flex"}),
)

ACME = Manifest(
    spec=1,
    id="acme",
    name="Acme",
    base_url="https://api.acme.test/v1",
    credentials={"api_key": Credential(env=("ACME_KEY",))},
    wires={"chat": WireSpec(dialect="openai_chat"), "embed": WireSpec(dialect="openai_embeddings")},
    models={
        "one": ModelSpec(operations={"chat": "chat"}, prices=PRICES, limits=Limits(max_output_tokens=1_000)),
        "unpriced": ModelSpec(operations={"chat": "chat"}),
        "yuan": ModelSpec(
            operations={"chat": "chat"},
            prices=tuple(price(f"tokens.{way}", "1", currency="CNY") for way in ("input", "output")),
        ),
        "vectors": ModelSpec(operations={"embed": "embed"}, prices=(price("tokens.input", "1"),)),
        "blind": ModelSpec(operations={"chat": "chat"}, features={"vision": Support.NO, "seed": Support.NO}),
    },
    models_policy="closed",
    health=Probe(path="/models"),
)


def app(*script: Played, environ: dict[str, str] | None = None, **settings: Any) -> tuple[App, FakeTransport]:
    """An App whose provider answers so."""
    transport = FakeTransport(script)
    settings.setdefault("providers", {"acme": ProviderSettings(credentials={"api_key": "k"})})
    made = App(Settings(**settings), environ=environ or {}, transport=transport)
    made.registry.register(ACME)
    return made, transport


def answer(text: str = "hello", **fields: Any) -> Played:
    """A whole answer."""
    message = {"role": "assistant", "content": text}
    body = {
        "id": "c1",
        "object": "chat.completion",
        "created": 1,
        "model": "one-2026",
        "choices": [{"index": 0, "message": message, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 100, "completion_tokens": 10, "total_tokens": 110},
        **fields,
    }
    return Played(msgspec.json.encode(body), headers=JSON)


def chunk(**fields: Any) -> bytes:
    """One event of a streamed answer."""
    body = {"id": "c1", "object": "chat.completion.chunk", "created": 1, "model": "one-2026", "choices": [], **fields}
    return b"data: " + msgspec.json.encode(body) + b"\n\n"


def said(text: str, finish: str | None = None, index: int = 0) -> bytes:
    """An event with text."""
    return chunk(choices=[{"index": index, "delta": {"role": "assistant", "content": text}, "finish_reason": finish}])


USED = chunk(usage={"prompt_tokens": 100, "completion_tokens": 10, "total_tokens": 110})
DONE = b"data: [DONE]\n\n"


def streamed(*pieces: Any) -> Played:
    """A streamed answer; without pieces a short one with usage."""
    return Played(*(pieces or (said("hel"), said("lo", "stop"), USED, DONE)), headers=SSE)


def failing(status: int, message: str = "no", **headers: str) -> Played:
    """A refusal."""
    return Played(msgspec.json.encode({"error": {"message": message}}), status=status, headers={**JSON, **headers})


def listen(heard_by: App) -> list[Event]:
    """Everything that happens from now on."""
    heard: list[Event] = []
    heard_by.events.subscribe(heard.append)
    return heard


def total(of: App, model: str = "acme/one") -> tuple[int, int, Decimal]:
    """How many calls were answered and failed, and what they cost."""
    found = of.totals.snapshot().get(model)
    return (found.calls, found.failed, found.cost) if found else (0, 0, Decimal(0))


class Scripted:
    """An embedded engine that gives what it is told to, and knows whether it was stopped."""

    isolation = "inline"

    def __init__(self, *outputs: Any) -> None:
        self.outputs = outputs
        self.given = 0
        self.stopped = 0

    def load(self, _model: Model, _options: dict[str, str]) -> "Scripted":
        return self

    def run(self, _request: Any) -> Iterator[Any]:
        try:
            for output in self.outputs:
                if isinstance(output, BaseException):
                    raise output
                self.given += 1
                yield output
        finally:
            self.stopped += 1


def local(*outputs: Part | Pause | BaseException | Any, **settings: Any) -> tuple[App, Scripted]:
    """An App with the embedded model `inside/one`."""
    engine = Scripted(*outputs)
    spec = ModelSpec(operations={"chat": "engine", "embed": "engine"}, prices=PRICES)
    manifest = Manifest(
        spec=1,
        id="inside",
        name="Inside",
        requires_credentials=False,
        local=True,
        models={"one": spec},
        models_policy="closed",
    )
    made, _ = app(**settings)
    made.registry.register(Provider(manifest=manifest, wires={"engine": engine}))
    return made, engine


def request(*text: Any, name: str = "acme/one", **fields: Any) -> ChatRequest:
    """What a user asks."""
    return asked(*text, name=name, **fields)


def limited(amount: str, **options: Any) -> CallOptions:
    """A call that may cost so many US dollars."""
    return CallOptions(budget_limit=Decimal(amount), **options)
