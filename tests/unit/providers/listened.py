"""Codecs of sessions that only listen, without a socket."""

from collections.abc import Iterable
from typing import Any

import msgspec

from genmux.types.realtime import SessionConfig
from genmux.types.realtime_events import RealtimeEvent
from tests.unit.providers.simulated import REGISTRY, model_of


def codec(provider: str, name: str, config: SessionConfig | None = None, *, base_url: str = "") -> Any:
    """A codec for one connection."""
    loaded = REGISTRY.load(provider)
    model = msgspec.structs.replace(model_of(loaded, name), base_url=base_url)
    wire = loaded.wires[model.spec.operations["realtime"]]
    assert wire.capabilities(model) == wire.open(SessionConfig(), model).capabilities
    return wire.open(config or SessionConfig(), model)


def heard(codec: Any, messages: Iterable[Any]) -> list[RealtimeEvent]:
    """What messages say."""
    return [event for one in messages for event in codec.receive(msgspec.json.encode(one).decode())]


def names(events: Iterable[RealtimeEvent]) -> list[str]:
    """What happened, by its name."""
    return [type(event).__name__ for event in events]
