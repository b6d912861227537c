"""What was said is remembered once, however often it is confirmed."""

from genmux.contract.sessions import Turn
from genmux.flows.voice.history import History
from genmux.types.realtime_events import ItemAdded


def test_what_we_wrote_is_not_said_again_when_the_provider_confirms_it() -> None:
    history = History()
    history.say("user", "Good evening")
    history.hear(ItemAdded(item_id="item_1", role="user", text="Good evening"))
    assert history.turns() == (Turn(role="user", text="Good evening"),)
    history.say("user", "Good evening")
    assert len(history.turns()) == 2


def test_what_is_told_to_a_new_connection_is_not_said_again_when_that_confirms_it() -> None:
    history = History()
    history.hear(ItemAdded(item_id="item_1", role="user", text="Good evening"))
    history.unplace()
    history.hear(ItemAdded(item_id="item_9", role="user", text="Good evening"))
    assert history.turns() == (Turn(role="user", text="Good evening"),)
