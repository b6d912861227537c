"""Webhooks of providers are remembered."""

from genmux.store.events.incoming import SeenHooks
from genmux.store.opening import Store
from tests.unit.store.events.told import NOON


async def test_a_delivery_is_known_at_the_place_to_which_it_came(store: Store) -> None:
    hooks = SeenHooks(store.database)
    assert not await hooks.seen("fal/j1", "d1")
    await hooks.remember("fal/j1", "d1", tenant="acme", at=NOON)
    await hooks.remember("fal/j1", "d1", tenant="acme", at=NOON)

    assert await hooks.seen("fal/j1", "d1")
    assert not await hooks.seen("fal/j2", "d1")
    assert not await hooks.seen("fal/j1", "d2")
