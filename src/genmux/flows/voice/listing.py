"""The voices that a model speaks with: as its provider lists them, else as its manifest does."""

from typing import Any

import msgspec

from genmux.contract.voices import own_voices
from genmux.flows.call.flow import CallFlow, timeouts_within
from genmux.flows.call.legs import policy_of
from genmux.flows.call.options import DEFAULT_OPTIONS, CallOptions
from genmux.types.speech import Voice

PAGES = 50
"""So many pages of voices are asked for at most."""


async def voices_of(calls: CallFlow, name: str | None, options: CallOptions = DEFAULT_OPTIONS) -> tuple[Voice, ...]:
    """All voices of a model that speaks; none where they are left open. It costs nothing. Raises ProviderError."""
    targets = calls.targets
    model = targets.model(name, "text_to_speech")
    wire: Any = targets.wire(model, "text_to_speech")
    if not hasattr(wire, "encode_voices"):
        return own_voices(model)
    target = targets.reach(model, "text_to_speech", options)
    found: dict[str, Voice] = {}
    http = wire.encode_voices(model)
    for _ in range(PAGES):
        called = await calls.engine.call(
            target.provider,
            target.credential,
            msgspec.structs.replace(http, read_only=True),
            base_url=target.base_url,
            model=model.id,
            timeouts=timeouts_within(options.timeout),
            policy=policy_of(options),
        )
        found |= {one.id: one for one in wire.decode_voices(called.reply)}
        http = wire.more_voices(called.reply)
        if http is None:
            break
    return tuple(found.values())
