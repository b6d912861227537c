"""Which turn a piece belongs to: a Live API has no ids, so these are made (rule D4).

An answer begins with the first piece of it that comes after the end of the last one, so that late pieces stay where they belong.
"""

from collections.abc import Iterator

import msgspec

from genmux.dialects.gemini_live.outcomes import is_filtered, status_of
from genmux.dialects.gemini_live.usage import together
from genmux.types.realtime_events import (
    AudioChunk,
    AudioDone,
    GenerationComplete,
    Interrupted,
    ItemAdded,
    ItemDone,
    OutputTextDelta,
    OutputTranscriptDelta,
    OutputTranscriptDone,
    RealtimeEvent,
    ResponseDone,
    ResponseStarted,
    TextDone,
    ToolCalled,
)
from genmux.types.usage import Usage

INTERRUPTION = "turn_detected"
"""The only reason for which these models are interrupted: somebody speaks."""


class Answer(msgspec.Struct, kw_only=True):
    """The answer that is being given, or was given last."""

    response_id: str
    item_id: str
    open: bool = True
    shown: bool = False
    sound: bool = False
    text: str = ""
    transcript: str = ""
    calls: int = 0
    interrupted: bool = False


class Turns:
    """Counts answers. `mark` keeps the ids of several connections apart.

    `prompted` says that something has come since the last answer which a new one would follow.
    """

    def __init__(self, mark: str) -> None:
        self._mark = mark
        self._count = 0
        self._answer = Answer(response_id="", item_id="", open=False)
        self._owed: Usage | None = None
        self.prompted = True

    @property
    def number(self) -> int:
        """The number of the answer that is being given, or of the next one."""
        going_on = self._answer.open and not self._answer.interrupted
        return self._count if going_on else self._count + 1

    @property
    def answering(self) -> bool:
        """Whether an answer is being given."""
        return self._answer.open

    def audio(self, data: bytes) -> Iterator[RealtimeEvent]:
        """More of what the model says."""
        yield from self._show()
        answer = self._answer
        answer.sound = True
        yield AudioChunk(item_id=answer.item_id, response_id=answer.response_id, data=data)

    def text(self, text: str) -> Iterator[RealtimeEvent]:
        """More of what the model writes."""
        yield from self._show()
        answer = self._answer
        answer.text += text
        yield OutputTextDelta(item_id=answer.item_id, response_id=answer.response_id, text=text)

    def transcript(self, text: str) -> Iterator[RealtimeEvent]:
        """More of what the model says, in writing. It may come late: after an interruption, or when nothing would be answered anew."""
        answer = self._answer
        late = answer.interrupted if answer.open else answer.sound and not self.prompted
        if not late:
            yield from self._show()
            answer = self._answer
            answer.transcript += text
        yield OutputTranscriptDelta(item_id=answer.item_id, response_id=answer.response_id, text=text)

    def call(self, call_id: str, name: str, arguments: str) -> Iterator[RealtimeEvent]:
        """A tool that the model wants, an item of its own."""
        yield from self._begin()
        answer = self._answer
        answer.calls += 1
        response_id, item_id = answer.response_id, f"{answer.item_id}_{answer.calls}"
        yield ItemAdded(item_id=item_id, response_id=response_id, kind="function_call", call_id=call_id, name=name)
        yield ToolCalled(item_id=item_id, response_id=response_id, call_id=call_id, name=name, arguments=arguments)
        yield ItemDone(item_id=item_id, response_id=response_id, kind="function_call")

    def generated(self) -> GenerationComplete:
        """The model has finished; its sound may still be playing."""
        return GenerationComplete(response_id=self._answer.response_id or None)

    def interrupt(self) -> Interrupted:
        """The model was interrupted."""
        answer = self._answer
        answer.interrupted = True
        return Interrupted(item_id=answer.item_id or None, response_id=answer.response_id or None, reason=INTERRUPTION)

    def end(self, reason: str | None, usage: Usage | None) -> Iterator[RealtimeEvent]:
        """The turn is over: what is open is closed. One that was refused before it began is told, too."""
        if not self._answer.open:
            if not is_filtered(reason):
                return
            yield from self._begin()
        answer = self._answer
        yield from _close(answer)
        status = status_of(reason, interrupted=answer.interrupted)
        yield ResponseDone(
            response_id=answer.response_id,
            status=status,
            reason=INTERRUPTION if answer.interrupted else reason,
            filtered=is_filtered(reason),
            usage=together(self._owed, usage),
        )
        self._owed = None
        answer.open = False

    def owe(self, usage: Usage | None) -> None:
        """An answer that ended with tool calls has used this, which is told too late: the next one will bring it along."""
        self._owed = together(self._owed, usage)

    def _begin(self) -> Iterator[RealtimeEvent]:
        """Open an answer, unless one is. What was interrupted goes on no more: the next piece is of a new one."""
        if self._answer.open and not self._answer.interrupted:
            return
        if self._answer.open:
            yield from self.end(None, None)
        self._count += 1
        name = f"{self._mark}{self._count}"
        self._answer = Answer(response_id=f"resp_{name}", item_id=f"item_{name}")
        self.prompted = False
        yield ResponseStarted(response_id=self._answer.response_id)

    def _show(self) -> Iterator[RealtimeEvent]:
        """Open an answer and its message."""
        yield from self._begin()
        answer = self._answer
        if not answer.shown:
            answer.shown = True
            yield ItemAdded(item_id=answer.item_id, response_id=answer.response_id, role="assistant", kind="message")


def _close(answer: Answer) -> Iterator[RealtimeEvent]:
    item_id, response_id = answer.item_id, answer.response_id
    if answer.sound:
        yield AudioDone(item_id=item_id, response_id=response_id)
    if answer.text:
        yield TextDone(item_id=item_id, response_id=response_id, text=answer.text)
    if answer.transcript:
        yield OutputTranscriptDone(item_id=item_id, response_id=response_id, text=answer.transcript)
    if answer.shown:
        yield ItemDone(item_id=item_id, response_id=response_id, role="assistant", kind="message")
