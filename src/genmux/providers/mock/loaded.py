"""One model of the simulator: decides what to answer, how fast, and what goes wrong."""

import itertools
from collections.abc import Iterator
from typing import Any

import msgspec

from genmux.contract.inputs import MediaRequest
from genmux.contract.local import Pause
from genmux.providers.mock.answer import BEHAVIORS, Answer, Behavior, Wish, answer, check_signatures, scripted
from genmux.providers.mock.chance import fraction, number
from genmux.providers.mock.directive import NO_DIRECTIVE, Directive, split
from genmux.providers.mock.faults import AT_RANDOM, error_of
from genmux.providers.mock.media import Scene, played
from genmux.providers.mock.recorder import Recorder
from genmux.providers.mock.script import Fault, Length, Player, Reply, Rule, Script, Seconds, Share, turn_of, user_text
from genmux.providers.mock.tokens import count_input
from genmux.providers.mock.turn import Turn, parts_of
from genmux.providers.mock.vectors import DIMENSIONS, vector
from genmux.providers.mock.voice import Manner, hear, speak
from genmux.types.chat import ChatRequest
from genmux.types.content import Reasoning
from genmux.types.embed import EmbedRequest, EmbedResult
from genmux.types.errors import ConfigurationError, InvalidRequestError
from genmux.types.money import TokenCount
from genmux.types.parts import Part
from genmux.types.speech import SpeechRequest
from genmux.types.transcription import TranscriptionRequest
from genmux.types.usage import TOKENS_INPUT, TOKENS_OUTPUT, TOKENS_OUTPUT_REASONING, Usage

FAULT_MODEL = "fault-"
"""A model of this name answers with the fault that follows: `mock/fault-rate_limit`."""

MOST_CHOICES = 128
MOST_DIMENSIONS = 65_536


class Options(msgspec.Struct, frozen=True, kw_only=True):
    """The provider's options as numbers; the manifest says what they mean."""

    latency: Seconds | None = None
    pace: Seconds | None = None
    tokens: Length | None = None
    error_rate: Share | None = None
    seed: int | None = None
    script: str | None = None


class LoadedMock:
    """One model of the simulator."""

    def __init__(self, name: str, *, origin: str, options: Options, player: Player | None, recorder: Recorder) -> None:
        self.name = name
        self._origin = origin
        self._options = options
        self._player = player
        self._recorder = recorder
        self._counter = itertools.count()

    def run(self, request: Any) -> Iterator[Any]:
        """Answer a request: parts and pauses for a chat, speech and transcripts, one result for embeddings, progress and an end for media.

        Raises ProviderError.
        """
        match request:
            case MediaRequest():
                return played(self.scene(request), request)
            case EmbedRequest():
                return self._embedded(request)
            case SpeechRequest():
                return speak(self.name, request, self.manner(request))
            case TranscriptionRequest():
                return hear(self.name, request, self.manner(request))
            case _:
                return self._played(request)

    def count(self, request: ChatRequest) -> TokenCount:
        """The input tokens of a request, as its usage will tell them."""
        return TokenCount(tokens=count_input(request), exact=True, method="mock")

    def _played(self, request: ChatRequest) -> Iterator[Part | Pause]:
        yield from parts_of(self.decide(request))

    def decide(self, request: ChatRequest, *, header: Directive = NO_DIRECTIVE) -> Turn:
        """Decide all about one reply, and record the request; `header` are wishes from beside the prompt, which come first."""
        nth = self._recorder.note(self.name, request)
        check_signatures(request)
        text, said = split(user_text(request))
        said = _before(header, said)
        rule = self._player.rule_for(model=self.name, text=text, turn=turn_of(request)) if self._player else None
        reply = rule.reply if rule else None
        wish = Wish(
            text=text,
            behavior=BEHAVIORS.get(self.name, Behavior()),
            origin=self._origin,
            tokens=self._told("tokens", said),
            calls=said.calls,
            seed=self._told("seed") or 0,
        )
        answers = self._answers(
            request, wish, reply, failing=said.fault is not None or (rule is not None and reply is None)
        )
        meters: dict[str, int | float] = {TOKENS_INPUT: count_input(request), **_written(answers)}
        if reply is not None and reply.usage is not None:
            meters |= reply.usage
        return Turn(
            id=f"mock-{nth}",
            model=self.name,
            answers=answers,
            usage=Usage(meters=meters),
            latency=self._told("latency", said, reply) or 0.0,
            pace=self._told("pace", said, reply) or 0.0,
            fault=self._fault(said, rule),
        )

    def _answers(self, request: ChatRequest, wish: Wish, reply: Reply | None, *, failing: bool) -> tuple[Answer, ...]:
        choices = 1 if request.n is None else request.n
        if not 1 <= choices <= MOST_CHOICES:
            raise InvalidRequestError(f"`n` is {choices}; it must be 1 to {MOST_CHOICES}", param="n")
        if reply is not None:
            return (scripted(reply, request, wish),) * choices
        if wish.behavior.scripted and not failing:
            raise self._unscripted(wish.text)
        return tuple(answer(request, wish, choice=choice) for choice in range(choices))

    def embed(
        self, request: EmbedRequest, *, header: Directive = NO_DIRECTIVE
    ) -> tuple[float, Fault | None, EmbedResult]:
        """Decide about one request for vectors, and record it: seconds to wait, what goes wrong, the result."""
        nth = self._recorder.note(self.name, request)
        last = request.inputs[-1] if request.inputs else ""
        said = _before(header, split(last)[1] if isinstance(last, str) else NO_DIRECTIVE)
        dimensions = DIMENSIONS if request.dimensions is None else request.dimensions
        if not 1 <= dimensions <= MOST_DIMENSIONS:
            raise InvalidRequestError(
                f"`dimensions` is {dimensions}; it must be 1 to {MOST_DIMENSIONS}", param="dimensions"
            )
        result = EmbedResult(
            vectors=tuple(vector(one, dimensions) for one in request.inputs),
            usage=Usage(meters={TOKENS_INPUT: count_input(request)}),
            id=f"mock-{nth}",
            model=self.name,
            provider="mock",
        )
        return self._told("latency", said) or 0.0, self._fault(said, None), result

    def manner(self, request: SpeechRequest | TranscriptionRequest, *, header: Directive = NO_DIRECTIVE) -> Manner:
        """Decide how a text is spoken or a sound written down, and record the request; `header` are wishes from beside it."""
        self._recorder.note(self.name, request)
        text, said = split(request.text if isinstance(request, SpeechRequest) else request.prompt or "")
        said = _before(header, said)
        rule = self._player.rule_for(model=self.name, text=text, turn=1) if self._player else None
        reply = rule.reply if rule else None
        return Manner(
            text=text,
            latency=self._told("latency", said, reply) or 0.0,
            pace=self._told("pace", said, reply) or 0.0,
            fault=self._fault(said, rule),
        )

    def scene(self, request: MediaRequest, *, header: Directive = NO_DIRECTIVE) -> Scene:
        """Decide all about one generation of media, and record the request; `header` are wishes from beside the prompt."""
        self._recorder.note(self.name, request)
        text, said = split(request.prompt)
        said = _before(header, said)
        rule = self._player.rule_for(model=self.name, text=text, turn=1) if self._player else None
        reply = rule.reply if rule else None
        return Scene(
            model=self.name,
            text=text,
            seed=int(request.params.get("seed") or self._told("seed") or 0),
            latency=self._told("latency", said, reply) or 0.0,
            pace=self._told("pace", said, reply) or 0.0,
            fault=self._fault(said, rule),
        )

    def _embedded(self, request: EmbedRequest) -> Iterator[EmbedResult | Pause]:
        latency, fault, result = self.embed(request)
        if latency:
            yield Pause(latency)
        if fault is not None:
            raise error_of(fault, model=self.name)
        yield result

    def _told(self, name: str, *said: object) -> Any:
        """What the directive, the rule, the options or the script say, the first that says something."""
        script = self._player.script if self._player else Script()
        for teller in (*said, self._options, script):
            value = getattr(teller, name, None)
            if value is not None:
                return value
        return None

    def _fault(self, said: Directive, rule: Rule | None) -> Fault | None:
        named = self.name.removeprefix(FAULT_MODEL).replace("-", "_") if self.name.startswith(FAULT_MODEL) else None
        if name := said.fault or (named if rule is None else None):
            return Fault(
                name=name,
                after=said.after or 0,
                retry_after=said.retry_after,
                retry=said.retry,
                form=said.form or "seconds",
            )
        if rule is not None and rule.fault is not None:
            return Fault(name=rule.fault) if isinstance(rule.fault, str) else rule.fault
        rate, seed = self._told("error_rate") or 0.0, self._told("seed") or 0
        nth = next(self._counter)
        if rate and fraction(seed, self.name, nth) < rate:
            return Fault(name=AT_RANDOM[number(seed, self.name, nth, "kind") % len(AT_RANDOM)])
        return None

    def _unscripted(self, text: str) -> InvalidRequestError | ConfigurationError:
        if self._player is None:
            return ConfigurationError(
                "mock/script plays a script: give one with the option `script` (a TOML or JSON file, or JSON text)",
                provider="mock",
                model=self.name,
                param="script",
            )
        return InvalidRequestError(
            f"no rule of the script fits the text {text[:80]!r}", provider="mock", param="messages"
        )


def _before(first: Directive, then: Directive) -> Directive:
    """What both wish for together; the first one wins."""
    if first is NO_DIRECTIVE:
        return then
    changes = {name: value for name in Directive.__struct_fields__ if (value := getattr(first, name)) is not None}
    return msgspec.structs.replace(then, **changes)


def _written(answers: tuple[Answer, ...]) -> dict[str, int | float]:
    blocks = [block for one in answers for block in one.blocks]
    thought = sum(len(block.pieces) for block in blocks if isinstance(block.block, Reasoning))
    written = {TOKENS_OUTPUT: sum(len(block.pieces) for block in blocks)}
    return {**written, TOKENS_OUTPUT_REASONING: thought} if thought else {**written}
