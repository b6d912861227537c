"""The life of a job at a simulated provider, step by step, through the real engine and real HTTP."""

from collections.abc import Mapping
from typing import Any

import msgspec

from genmux.contract.inputs import MediaInput, MediaRequest
from genmux.contract.jobs import Delivery, Prepared, Steps
from genmux.contract.manifest import inherit
from genmux.contract.model import Model
from genmux.contract.operations import Operation
from genmux.contract.provider import Provider
from genmux.engine.aiohttp_transport import AiohttpTransport
from genmux.engine.engine import Engine
from genmux.engine.permit import Permit
from genmux.engine.retry import ONCE
from genmux.services.registry import Registry
from genmux.testing.simulator.media import Hook, MediaSimulator
from genmux.types.jobs import Accepted, Ended, JobState, Ticket

KEY = {"api_key": "k-123"}

REGISTRY = Registry()


def model_of(provider: Provider, name: str) -> Model:
    """A model of a provider, as the core resolves it."""
    spec = inherit(provider.manifest.models[name], provider.manifest.model_defaults)
    return Model(provider=provider.id, id=name, wire_id=spec.wire_id or name, spec=spec)


def defaults_of(model: Model, operation: Operation) -> dict[str, Any]:
    """What the core fills in for an operation."""
    return {
        name: param.default
        for name, param in model.spec.params.items()
        if param.default is not None and (not param.operations or operation in param.operations)
    }


def prepared(provider: Provider, name: str, request: MediaRequest) -> Prepared:
    """What is prepared for a request for which nothing has to be sent before."""
    model = model_of(provider, name)
    steps = provider.wires[model.spec.operations[request.operation]].prepare(request, model)
    try:
        next(steps)
    except StopIteration as end:
        return end.value
    message = "something was to be sent"
    raise AssertionError(message)


def delivered(hook: Hook) -> Delivery:
    """A webhook as it comes in."""
    return Delivery(body=hook.body, headers={name.lower(): value for name, value in hook.headers.items()})


class Life:
    """One account at one simulated provider."""

    def __init__(self, provider_id: str, simulator: MediaSimulator, *, credential: Mapping[str, str] = KEY) -> None:
        self.provider = REGISTRY.load(provider_id)
        self.simulator = simulator
        self.engine = Engine(AiohttpTransport())
        self.base_url = simulator.url(provider_id)
        self.credential = credential

    async def walk(self, steps: Steps[Any]) -> Any:
        """Drive free steps."""
        return await self.engine.walk(self.provider, self.credential, steps, base_url=self.base_url, policy=ONCE)

    def wire(self, model: str, operation: Operation) -> Any:
        """The wire of an operation."""
        return self.provider.wires[model_of(self.provider, model).spec.operations[operation]]

    async def submit(
        self,
        model: str,
        operation: Operation,
        prompt: str = "a cat",
        *,
        inputs: tuple[MediaInput, ...] = (),
        callback: str | None = None,
        **params: Any,
    ) -> Accepted | Ended:
        """Prepare and submit. Raises ProviderError."""
        known, wire = model_of(self.provider, model), self.wire(model, operation)
        asked = MediaRequest(
            operation=operation, prompt=prompt, inputs=inputs, params=defaults_of(known, operation) | params
        )
        ready = await self.walk(wire.prepare(asked, known))
        called = await self.engine.call(
            self.provider,
            self.credential,
            wire.submit(ready, "key-1", callback),
            base_url=self.base_url,
            policy=ONCE,
            permit=Permit(),
        )
        return wire.submitted(called.reply, ready)

    async def accepted(self, model: str, operation: Operation, prompt: str = "a cat", **rest: Any) -> Ticket:
        """Submit; the ticket has been through JSON, as it is when another process goes on."""
        taken = await self.submit(model, operation, prompt, **rest)
        assert isinstance(taken, Accepted)
        return msgspec.json.decode(msgspec.json.encode(taken.ticket))

    async def poll(self, model: str, operation: Operation, ticket: Ticket) -> JobState:
        """Ask where it stands. Raises ProviderError."""
        return await self.walk(self.wire(model, operation).poll(ticket))


class Begin:
    """Opens accounts, each with a simulator of its own."""

    def __init__(self) -> None:
        self._begun: list[Life] = []

    async def __call__(self, provider: str, *, credential: Mapping[str, str] = KEY) -> Life:
        """One account at one provider."""
        simulator = MediaSimulator(provider)
        await simulator.start()
        self._begun.append(Life(provider, simulator, credential=credential))
        return self._begun[-1]

    async def aclose(self) -> None:
        """Close everything that was opened."""
        for one in self._begun:
            await one.engine.aclose()
            await one.simulator.aclose()
