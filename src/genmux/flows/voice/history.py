"""What was said in a session, in writing, for a connection that knows nothing of it."""

from collections import deque

from genmux.contract.sessions import Turn
from genmux.types.realtime_events import (
    InputTranscriptDone,
    ItemAdded,
    ItemTruncated,
    OutputTranscriptDelta,
    OutputTranscriptDone,
    RealtimeEvent,
    TextDone,
)

MOST = 128
"""So many turns are remembered, the latest ones."""


class History:
    """Remembers turns. What was not heard of an answer that was interrupted is left out as far as its text tells."""

    def __init__(self) -> None:
        self._turns: deque[tuple[str | None, str, str]] = deque(maxlen=MOST)
        self._under_way: dict[str | None, str] = {}

    def say(self, role: str, text: str) -> None:
        """Something was written by us."""
        self._note(None, role, text)

    def hear(self, event: RealtimeEvent) -> None:
        """Something was said, or heard."""
        match event:
            case InputTranscriptDone(text=text) if text:
                self._note(event.item_id, "user", text)
            case OutputTranscriptDelta(text=text):
                self._under_way[event.item_id] = self._under_way.get(event.item_id, "") + text
            case OutputTranscriptDone(text=text) | TextDone(text=text):
                self._under_way.pop(event.item_id, None)
                if text:
                    self._note(event.item_id, "assistant", text)
            case ItemTruncated():
                self._cut(event.item_id)
            case ItemAdded(role=str(role), text=str(text)):
                self._note(event.item_id, role, text)
            case _:
                pass

    def interrupt(self) -> None:
        """What was begun to be said is all that was said of it."""
        for item, text in self._under_way.items():
            self._note(item, "assistant", text)
        self._under_way.clear()

    def unplace(self) -> None:
        """Another connection has other ids for the same; what it tells of what was said before is not said anew."""
        self._turns = deque(((None, role, text) for _, role, text in self._turns), maxlen=MOST)

    def turns(self) -> tuple[Turn, ...]:
        """All of it, the oldest first."""
        return tuple(Turn(role=role, text=text) for _, role, text in self._turns)

    def _note(self, item: str | None, role: str, text: str) -> None:
        for place, (known, _, _) in enumerate(self._turns):
            if item is not None and (known == item or (known is None and self._turns[place][1:] == (role, text))):
                self._turns[place] = (item, role, text)
                return
        self._turns.append((item, role, text))

    def _cut(self, item: str | None) -> None:
        """The provider has forgotten the rest of it; how much of the text that is, nobody says."""
        text = self._under_way.pop(item, None)
        if text:
            self._note(item, "assistant", text)
