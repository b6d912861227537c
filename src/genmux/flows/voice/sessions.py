"""Makes sessions: over a socket, played in this process, or made of calls, as the model wants it."""

import itertools
from collections.abc import Awaitable, Callable
from typing import Any

import msgspec

from genmux.contract.cascades import Cascade
from genmux.contract.model import Model
from genmux.contract.operations import Operation
from genmux.contract.saying import live_capabilities
from genmux.contract.sessions import Capabilities, Resume, foreign, pick
from genmux.flows.call.flow import CallFlow
from genmux.flows.call.options import DEFAULT_OPTIONS, CallOptions
from genmux.flows.call.ports import Accounts, Lease
from genmux.flows.call.target import Target
from genmux.flows.voice.cascade.abilities import capabilities_of
from genmux.flows.voice.cascade.calling import CallVoices, Models
from genmux.flows.voice.cascade.link import CascadeLink
from genmux.flows.voice.cascade.ports import CAREFUL, EAGER, Ahead, Ears, Judge
from genmux.flows.voice.delivery import Recorder
from genmux.flows.voice.heard_money import HeardMoney
from genmux.flows.voice.limits import SessionLimits
from genmux.flows.voice.link import Link, SocketLink
from genmux.flows.voice.money import TurnMoney
from genmux.flows.voice.played import PlayedLink
from genmux.flows.voice.ports import AudioTools
from genmux.flows.voice.session import Session
from genmux.flows.voice.speaking import Speaking
from genmux.flows.voice.spoken_money import SpokenMoney
from genmux.flows.voice.transcribing import Transcribing
from genmux.services.keys import check_allowed
from genmux.types.audio import AudioFormat
from genmux.types.errors import NotFoundError, UnsupportedError
from genmux.types.realtime import SessionConfig, TurnDetection


class Usual(msgspec.Struct, frozen=True, kw_only=True):
    """What a cascade takes where nobody says what: models by their references."""

    chat: str
    transcribe: str
    speak: str


class Sessions:
    """Makes sessions. `ears` listens for the turns of a cascade, a `judge` tells by sense when they are over, where that is wished for."""

    def __init__(  # noqa: PLR0913 — each is one who helps
        self,
        calls: CallFlow,
        speaking: Speaking,
        transcribing: Transcribing,
        accounts: Accounts,
        *,
        tools: Callable[[], AudioTools],
        ears: Callable[[TurnDetection | None], Ears],
        judge: Callable[[TurnDetection | None], Awaitable[Judge | None]],
        usual: Usual,
        new_id: Callable[[], str],
        clock: Callable[[], float],
        sleep: Callable[[float], Awaitable[object]],
        random: Callable[[], float],
    ) -> None:
        self._calls = calls
        self._speaking = speaking
        self._transcribing = transcribing
        self._accounts = accounts
        self._tools = tools
        self._ears = ears
        self._judge = judge
        self._usual = usual
        self._new_id = new_id
        self._clock = clock
        self._sleep = sleep
        self._random = random

    def model(self, name: str | None) -> tuple[Model, Any]:
        """The model that a name means, with its wire: of sessions, or of speech where it speaks what is being written.

        Else with a Cascade around a text model. Raises ProviderError.
        """
        targets = self._calls.targets
        try:
            model = targets.model(name, "realtime")
        except (UnsupportedError, NotFoundError):
            if (speaker := self._speaker(name)) is not None:
                return speaker
            chat = targets.model(name, "chat")
            return chat, Cascade(chat=chat.reference)
        return model, targets.wire(model, "realtime")

    def _speaker(self, name: str | None) -> tuple[Model, Any] | None:
        """A model that speaks a text while it is being written, with its wire."""
        targets = self._calls.targets
        try:
            model = targets.model(name, "text_to_speech")
        except (UnsupportedError, NotFoundError):
            return None
        wire = targets.wire(model, "text_to_speech")
        return None if live_capabilities(wire, model) is None else (model, wire)

    def capabilities(self, name: str | None) -> Capabilities:
        """What sessions of a model can do. Raises ProviderError."""
        model, wire = self.model(name)
        if isinstance(wire, Cascade):
            return capabilities_of(AudioFormat())
        if hasattr(wire, "play"):
            peer = wire.play(SessionConfig(), model)
            told: Capabilities = peer.capabilities
            return told
        return live_capabilities(wire, model) or wire.capabilities(model)

    async def prepare(
        self,
        name: str | None,
        config: SessionConfig,
        options: CallOptions = DEFAULT_OPTIONS,
        *,
        limits: SessionLimits | None = None,
        recorder: Recorder | None = None,
        raw: bool = False,
    ) -> Session:
        """A session that is still to be opened. Raises ProviderError."""
        model, wire = self.model(name)
        speaks = live_capabilities(wire, model) is not None
        operation: Operation = "text_to_speech" if speaks else "realtime"
        if options.principal.allow is not None:
            check_allowed(options.principal, model, operation, name=name)
        money: TurnMoney | None = None
        lease: Lease | None = None
        if isinstance(wire, Cascade):
            opener = self._cascade(wire, config, options)
        elif hasattr(wire, "play"):
            target = self._calls.targets.reach(model, "realtime", options)
            opener = self._played(target, config)
            money = TurnMoney(self._calls.door, target, options, check=self._calls.check_budget)
        else:
            lease = await self._reserve(model, options)
            target = self._calls.targets.reach(model, operation, options, lease)
            opener = self._dialled(target, config, speaks=speaks)
            heard = not speaks and wire.capabilities(model).billing == "seconds"
            kind = SpokenMoney if speaks else HeardMoney if heard else TurnMoney
            money = kind(self._calls.door, target, options, check=self._calls.check_budget)
        return Session(
            opener,
            config,
            model,
            id=f"ses_{self._new_id()}",
            clock=self._clock,
            sleep=self._sleep,
            random=self._random,
            tools=self._tools,
            limits=limits,
            money=money,
            recorder=recorder,
            raw=raw,
            done=None if lease is None else lease.done,
        )

    async def _reserve(self, model: Model, options: CallOptions) -> Lease | None:
        """An account, where there is anything to choose and the caller has brought no key."""
        if options.credential is not None or not self._accounts.several(model.provider):
            return None
        return await self._accounts.reserve(model.provider, principal=options.principal, excluded=frozenset())

    def _dialled(self, target: Target, config: SessionConfig, *, speaks: bool) -> Any:
        there = msgspec.structs.replace(target.model, base_url=target.base_url)  # some sockets are not below it
        numbers = itertools.count(1)

        async def open_(resume: Resume | None) -> Link:
            """Dial."""
            wire = target.wire
            codec = wire.saying(config, there, numbers) if speaks else wire.open(config, there, resume)
            socket = await self._calls.engine.dial(
                target.provider,
                target.credential,
                codec.connect(),
                base_url=target.base_url,
                model=target.model.id,
            )
            return SocketLink(codec, socket)

        return open_

    def _played(self, target: Target, config: SessionConfig) -> Any:
        async def open_(resume: Resume | None) -> Link:
            """Play."""
            peer = target.wire.play(config, target.model, resume, options=target.credential)
            return PlayedLink(peer, self._clock, warnings=foreign(config))

        return open_

    def _cascade(self, cascade: Cascade, config: SessionConfig, options: CallOptions) -> Any:
        usual, told = self._usual, config.transcription
        models = Models(
            chat=cascade.chat or usual.chat,
            transcribe=(told.model if told is not None else None) or cascade.transcribe or usual.transcribe,
            speak=str({**config.extra, **config.params}.get("speak") or cascade.speak or usual.speak),
            voice=config.voice,
            language=(told.language if told is not None else None) or config.language,
            speed=config.speed,
            prompt=None if told is None else told.prompt,
        )
        made = pick(config.output, (AudioFormat(sample_rate=config.output.sample_rate),))

        async def open_(resume: Resume | None) -> Link:
            """Listen."""
            return CascadeLink(
                config,
                self._ears(config.turns),
                CallVoices(self._calls, self._speaking, self._transcribing, models, options, made=made),
                model=models.chat,
                made=made,
                new_id=self._new_id,
                resume=resume,
                judge=await self._judge(config.turns),
                ahead=self._ahead(models, config.turns),
            )

        return open_

    def _ahead(self, models: Models, turns: TurnDetection | None) -> Ahead:
        """All of it when that is wished for, else what costs nothing but this machine's time; a turn is written down once in any case."""
        eagerness = None if turns is None else turns.eagerness
        if eagerness == "high":
            return EAGER
        free = self._embedded(models.chat, "chat") and self._embedded(models.speak, "text_to_speech")
        return Ahead(
            drafts=free and eagerness in (None, "auto"),
            most_early=None if self._embedded(models.transcribe, "transcribe") else CAREFUL.most_early,
        )

    def _embedded(self, name: str, operation: Operation) -> bool:
        """Whether all that may be asked runs on this machine."""
        members = self._calls.journeys.routes.members(name, operation)
        return all(hasattr(self._calls.targets.wire(one, operation), "load") for one in members)
