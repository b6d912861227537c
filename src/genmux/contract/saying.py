"""Sessions that only speak: text goes in as it is being written, sound comes out before it is complete.

They belong to wires of speech, whose optional half they are. Their providers say nothing when the socket is open: what is true
then, the codec tells by itself (`opened`).
"""

import itertools
from collections.abc import Iterable, Iterator, Sequence
from typing import Protocol, runtime_checkable

import msgspec

from genmux.contract.goodbyes import goodbye
from genmux.contract.http import HttpRequest
from genmux.contract.model import Model
from genmux.contract.sessions import Capabilities, Codec, Frame, Goodbye, pick
from genmux.types.audio import AudioFormat
from genmux.types.errors import MessageError
from genmux.types.realtime import SessionConfig
from genmux.types.realtime_events import (
    AudioChunk,
    AudioDone,
    OutputTranscriptDelta,
    RealtimeEvent,
    ResponseDone,
    ResponseStarted,
    ResponseStatus,
    SessionCreated,
)
from genmux.types.usage import Usage

CHARACTERS_INPUT = "characters.input"


@runtime_checkable
class OpensAtOnce(Protocol):
    """A codec whose session is there as soon as the socket is open."""

    def opened(self) -> Iterable[RealtimeEvent]:
        """What is true then, as if the provider had said it."""
        ...


@runtime_checkable
class SpeaksLive(Protocol):
    """Optional half of a wire of speech: a text is spoken while it is being written."""

    def speaks_live(self, model: Model) -> Capabilities | None:
        """What sessions of a model can do; None for a model that only speaks what is complete."""
        ...

    def saying(self, config: SessionConfig, model: Model, numbers: Iterator[int] | None = None) -> Codec:
        """A codec for one connection. `numbers` count the answers of a session over all of its connections.

        Raises InvalidRequestError where there is no voice.
        """
        ...


def live_capabilities(wire: object, model: Model) -> Capabilities | None:
    """What sessions of a model can do that only speak; None where its wire or the model has none."""
    return wire.speaks_live(model) if isinstance(wire, SpeaksLive) else None


def says(formats: Sequence[AudioFormat], *, cancels: bool = True) -> Capabilities:
    """What sessions can do that only speak."""
    return Capabilities(
        turn_owner="client",
        input_formats=(),
        output_formats=tuple(formats),
        cancels=cancels,
        creates_responses=True,
        tools=False,
    )


class Utterance:
    """What is being said: one answer, from the first sound to its end."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.characters = 0
        self.stopped = False
        self._begun = False

    def sounds(self, data: bytes) -> Iterator[RealtimeEvent]:
        """More of the sound."""
        if not self._begun:
            self._begun = True
            yield ResponseStarted(response_id=self.name)
        if data:
            yield AudioChunk(response_id=self.name, item_id=self.name, data=data)

    def says(self, text: str) -> Iterator[RealtimeEvent]:
        """More of what is said, in writing."""
        if text:
            yield OutputTranscriptDelta(response_id=self.name, item_id=self.name, text=text)

    def ends(self, status: ResponseStatus = "completed") -> Iterator[RealtimeEvent]:
        """Nothing more of it comes."""
        if self.stopped and status == "completed":
            status = "cancelled"
        if self._begun and status == "completed":
            yield AudioDone(response_id=self.name, item_id=self.name)
        refused = status == "failed" and not self._begun  # what was not begun is not billed
        usage = Usage(meters={CHARACTERS_INPUT: 0 if refused else self.characters})
        yield ResponseDone(response_id=self.name, status=status, usage=usage)


class Speaker:
    """The half of a codec that all who only speak have. A subclass sends and receives.

    An answer is one text: it is under way from its first piece until the provider says that all of it was spoken.
    """

    def __init__(self, config: SessionConfig, capabilities: Capabilities, numbers: Iterator[int] | None = None) -> None:
        self._capabilities = capabilities
        self._numbers = itertools.count(1) if numbers is None else numbers
        self.under_way: dict[str, Utterance] = {}
        self.writing: Utterance | None = None
        leaving = pick(config.output, capabilities.output_formats)
        self._output = msgspec.structs.replace(leaving, frame_ms=config.output.frame_ms)
        self.url = ""

    @property
    def capabilities(self) -> Capabilities:
        """What this session can do."""
        return self._capabilities

    @property
    def input(self) -> AudioFormat:
        """No sound goes in; what would, has the format of what comes out."""
        return self._output

    @property
    def output(self) -> AudioFormat:
        """How sound comes out."""
        return self._output

    def write(self, text: str) -> Utterance:
        """More text of the answer that is being written; a new one where none is."""
        said = self.writing
        if said is None:
            name = f"said_{next(self._numbers)}"
            said = self.writing = self.under_way[name] = Utterance(name)
        said.characters += len(text)
        return said

    def complete(self) -> Utterance:
        """The text is complete. Raises MessageError where there is none."""
        said, self.writing = self.writing, None
        if said is None:
            raise MessageError("there is no text to be spoken; send some first", param="text")
        return said

    def stop(self, wanted: str | None) -> Utterance | None:
        """This answer is not wanted any more, or the last one; None where it is over."""
        said = self.under_way.get(wanted or next(reversed(self.under_way), ""))
        if said is not None:
            said.stopped = True
            if said is self.writing:
                self.writing = None
        return said

    def over(self, said: Utterance, status: ResponseStatus = "completed") -> Iterator[RealtimeEvent]:
        """An answer has ended."""
        self.under_way.pop(said.name, None)
        if said is self.writing:
            self.writing = None
        yield from said.ends(status)

    def connect(self) -> HttpRequest:
        """The request that opens the socket."""
        return HttpRequest(method="GET", url=self.url)

    def opening(self) -> Sequence[Frame]:
        """Nothing has to be said first."""
        return ()

    def opened(self) -> Iterable[RealtimeEvent]:
        """The session is there."""
        return (SessionCreated(),)

    def closed(self, code: int | None, reason: str) -> Goodbye:
        """What the end of the connection means."""
        return goodbye(code, reason)
