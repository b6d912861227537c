"""What a codec keeps of what it has heard: which response an item belongs to."""

import msgspec


class Memory(msgspec.Struct):
    """Facts that later messages leave out.

    `owners` maps an item to its response, `loose` are responses outside of the conversation (their items are never added to
    it), `done` are items whose end was told, `tools` maps a call to the name of its tool.
    """

    owners: dict[str, str] = msgspec.field(default_factory=dict)
    loose: set[str] = msgspec.field(default_factory=set)
    done: set[str] = msgspec.field(default_factory=set)
    tools: dict[str, str] = msgspec.field(default_factory=dict)
    expired: bool = False

    def forget(self, response_id: str | None) -> None:
        """A response is over."""
        self.loose.discard(response_id or "")
        items = [item for item, owner in self.owners.items() if owner == response_id]
        for item in items:
            del self.owners[item]
            self.done.discard(item)
