"""What of the model's sound was heard: counted by whoever plays it, never by a clock."""


class Playback:
    """Counts received and heard milliseconds of the item that is spoken. Whoever plays sound says so with `played`.

    Without a player nothing is counted as heard, and `tracked` stays False: then nobody knows what was.
    """

    __slots__ = ("_content", "heard", "item_id", "received", "tracked")

    def __init__(self) -> None:
        self.item_id: str | None = None
        self.heard = 0.0
        self.received = 0.0
        self.tracked = False
        self._content = 0

    @property
    def content_index(self) -> int:
        """Which part of the item is spoken."""
        return self._content

    def receive(self, item_id: str | None, content_index: int, ms: float) -> None:
        """More sound of an item came in; another item begins to be counted anew."""
        if item_id != self.item_id or content_index != self._content:
            self.item_id, self._content = item_id, content_index
            self.heard = self.received = 0.0
        self.received += ms

    def played(self, ms: float, item_id: str | None = None) -> None:
        """So many more milliseconds were heard; those of another item than is spoken now are not counted."""
        self.tracked = True
        if item_id is None or item_id == self.item_id:
            self.heard = min(self.received, self.heard + ms)

    @property
    def playing(self) -> bool:
        """Whether there is more to be heard."""
        return self.received > self.heard

    def cut(self) -> int | None:
        """After how many milliseconds to cut the item off: more than none, and no more than was received. None where that makes no sense."""
        if self.item_id is None or not self.tracked:
            return None
        heard = min(int(self.heard), int(self.received))
        return heard if 0 < heard < int(self.received) else None

    def stop(self) -> None:
        """Nothing more of this item will be heard."""
        self.item_id = None
        self.heard = self.received = 0.0
