"""What the user says, as the provider writes it down: pieces that may come before, during or after the answer."""

from collections.abc import Iterator

from genmux.dialects.gemini_live.schema import Words, seconds
from genmux.types.realtime_events import (
    InputCommitted,
    InputTranscriptDelta,
    InputTranscriptDone,
    ItemAdded,
    RealtimeEvent,
    SpeechStarted,
    SpeechStopped,
)

_STARTS = frozenset({"ACTIVITY_START", "VAD_SIGNAL_TYPE_SOS"})
_STOPS = frozenset({"ACTIVITY_END", "VAD_SIGNAL_TYPE_EOS"})


class Hearing:
    """Keeps which item a piece belongs to: that which the next answer will follow, or, where all of it comes late, the last one.

    `turn` is always the number of the answer that is being given, or of the next one.
    """

    def __init__(self, mark: str) -> None:
        self._mark = mark
        self._number = 0
        self._awaited = 0
        self._text = ""
        self._told = ""
        self._added = False

    @property
    def item_id(self) -> str:
        """The id of what is being said."""
        return f"input_{self._mark}{self._number}"

    def words(self, words: Words, turn: int) -> Iterator[RealtimeEvent]:
        """A piece of what was said."""
        if words.text:
            yield from self._open(turn)
            self._text += words.text
            yield InputTranscriptDelta(item_id=self.item_id, text=words.text)
        if words.finished:
            yield from self._finish()
            self._awaited = 0

    def interim(self, words: Words, turn: int) -> Iterator[RealtimeEvent]:
        """What was said so far, anew."""
        if words.text:
            yield from self._open(turn)
            yield InputTranscriptDelta(item_id=self.item_id, text=words.text, interim=True)

    def answered(self, turn: int, *, spoken: bool) -> Iterator[RealtimeEvent]:
        """An answer begins: what came before it is complete. Where the user spoke and nothing came yet, it may come late."""
        yield from self._finish()
        self._awaited = turn if spoken and self._number != turn else 0

    def committed(self, turn: int) -> Iterator[RealtimeEvent]:
        """The client says that the user has finished."""
        self._awaited = 0
        yield from self._open(turn)
        yield InputCommitted(item_id=self.item_id)

    def activity(self, kind: str | None, offset: str | None, turn: int) -> Iterator[RealtimeEvent]:
        """Somebody begins or ends to speak."""
        since = seconds(offset)
        audio_ms = None if since is None else int(since * 1_000)
        if kind in _STARTS:
            self._awaited = 0
            yield from self._move(turn)
            yield SpeechStarted(item_id=self.item_id, audio_ms=audio_ms)
        elif kind in _STOPS:
            yield SpeechStopped(item_id=self.item_id, audio_ms=audio_ms)

    def _open(self, turn: int) -> Iterator[RealtimeEvent]:
        late = self._awaited and turn == self._awaited + 1
        yield from self._move(self._awaited if late else turn)
        if not self._added:
            self._added = True
            yield ItemAdded(item_id=self.item_id, role="user", kind="message")

    def _move(self, number: int) -> Iterator[RealtimeEvent]:
        if self._number != number:
            yield from self._finish()
            self._number, self._text, self._told, self._added = number, "", "", False

    def _finish(self) -> Iterator[RealtimeEvent]:
        """What was said is written down; again, where more has come since it was."""
        if self._text != self._told:
            self._told = self._text
            yield InputTranscriptDone(item_id=self.item_id, text=self._text)
