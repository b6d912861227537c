"""A chat on the wire: one dialect outside, the simulator's model inside."""

from collections.abc import Callable, Iterator

import msgspec

from genmux.contract.dialect import Accepted, Answer, ServerHalf
from genmux.contract.local import Pause
from genmux.providers.mock.script import Fault
from genmux.providers.mock.turn import Turn, parts_of, result_of
from genmux.testing.simulator.exchange import Events, Exchange
from genmux.testing.simulator.steps import Headers
from genmux.types.content import Fields
from genmux.types.errors import ProviderError
from genmux.types.parts import ExtraPart, Part, ReasoningDelta, Start, TextDelta, ToolCallDelta, UsagePart
from genmux.types.usage import TOKENS_INPUT, Usage


class Chat(msgspec.Struct, frozen=True):
    """One turn in the dialect of its caller.

    `native` is the name of the dialect where the reply shall look as the inventor of the dialect writes it (a signature as it is, usage
    at the start of a stream, the stop sequence), not as genmux writes what comes from elsewhere. `created` is Unix time.
    """

    refuse: Callable[[ProviderError], Answer]
    server: ServerHalf
    accepted: Accepted
    turn: Turn
    native: str | None = None
    created: int | None = None

    def exchange(self, *, headers: Headers, now: float) -> Exchange:
        """The means to answer it."""
        return Exchange(
            whole=self.whole,
            events=self.events if self.accepted.stream else None,
            refuse=self.refuse,
            fault=self.turn.fault,
            duration=self.turn.duration,
            pace=self.turn.pace,
            headers=headers,
            now=now,
        )

    def whole(self, fault: Fault | None) -> Answer:
        """The whole answer. Raises the error for which a fault stands."""
        result = msgspec.structs.replace(result_of(self._with(fault)), created=self.created)
        if self.native is not None:
            result = msgspec.structs.replace(result, dialect=self.native, extra=self._ending())
        return self.server.respond(result, self.accepted)

    def events(self, fault: Fault | None, tokens: int | None) -> Events:
        """The bytes of the stream as they come; an error after the first of them is written into it."""
        writer = self.server.writer(self.accepted)
        begun = False
        try:
            for part in self._parts(self._with(fault)):
                if isinstance(part, Pause):
                    yield part
                    continue
                if tokens is not None and isinstance(part, TextDelta | ReasoningDelta | ToolCallDelta):
                    if tokens == 0:
                        return
                    tokens -= 1
                if written := writer.write(part):
                    begun = True
                    yield written
        except ProviderError as error:
            if not begun:
                raise
            yield writer.fail(error)
            return
        if last := writer.close():
            yield last

    def _parts(self, turn: Turn) -> Iterator[Part | Pause]:
        for part in parts_of(turn):
            if isinstance(part, Start):
                yield msgspec.structs.replace(part, dialect=self.native, created=self.created)
                if self.native is not None:
                    yield UsagePart(Usage(meters={TOKENS_INPUT: turn.usage.input or 0}))
            else:
                yield part
            if isinstance(part, UsagePart) and (ending := self._ending()):
                yield ExtraPart(ending)

    def _ending(self) -> Fields | None:
        stopped_by = self.turn.answers[0].stopped_by
        return {"stop_sequence": stopped_by} if self.native is not None and stopped_by is not None else None

    def _with(self, fault: Fault | None) -> Turn:
        return self.turn if fault is self.turn.fault else msgspec.structs.replace(self.turn, fault=fault)
