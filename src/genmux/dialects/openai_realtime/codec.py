"""The half that faces a provider: one connection."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import quote, urlencode

import msgspec

from genmux.contract.goodbyes import goodbye
from genmux.contract.http import HttpRequest
from genmux.contract.model import Model
from genmux.contract.sessions import Capabilities, Frame, Goodbye, Resume, foreign, pick
from genmux.dialects.openai_realtime.commands import ANSWER, Fields, append, history, message, written
from genmux.dialects.openai_realtime.memory import Memory
from genmux.dialects.openai_realtime.passing import passed_delta
from genmux.dialects.openai_realtime.profile import Profile
from genmux.dialects.openai_realtime.reading import read_frame
from genmux.dialects.openai_realtime.schema import NAME
from genmux.dialects.openai_realtime.settings_write import given, merge, write_session
from genmux.types.audio import AudioFormat
from genmux.types.errors import AudioError
from genmux.types.realtime import (
    AppendAudio,
    ClearAudio,
    Command,
    CommitAudio,
    SendText,
    SendToolResult,
    SessionConfig,
    UpdateSession,
)
from genmux.types.realtime_events import PassedAudio, RealtimeEvent
from genmux.types.warning import Warning  # noqa: A004 — see genmux.types.warning

BETA_HEADER = ("OpenAI-Beta", "realtime=v1")


class OpenAIRealtimeCodec:
    """One connection to a host of this dialect.

    Errors of the provider are told as they come; what was interrupted, and which deltas come too late, is for the session to
    see: all events have the ids of their item and answer. An interruption is a `ResponseDone` whose status is `cancelled`.
    """

    def __init__(
        self,
        config: SessionConfig,
        model: Model,
        resume: Resume | None,
        *,
        profile: Profile,
        capabilities: Capabilities,
    ) -> None:
        self._profile = profile
        self._capabilities = capabilities
        self._model = model
        self._resume = resume
        self._memory = Memory()
        self._number = 0
        self._rest = b""
        self._config = self._agreed(config)
        self._opening = self._session()

    @property
    def capabilities(self) -> Capabilities:
        """What this session can do."""
        return self._capabilities

    @property
    def input(self) -> AudioFormat:
        """How sound must go in."""
        return self._config.input

    @property
    def output(self) -> AudioFormat:
        """How sound comes out."""
        return self._config.output

    @property
    def warnings(self) -> tuple[Warning, ...]:
        """Settings of other dialects, which are left out."""
        return foreign(self._config, NAME)

    @property
    def spoken(self) -> str:
        """The dialect and its form."""
        return f"{NAME}/{self._profile.form}"

    def passed(self, frame: Frame) -> PassedAudio | None:
        """A frame of sound that can go on as it is."""
        return passed_delta(frame) if isinstance(frame, str) else None

    def connect(self) -> HttpRequest:
        """The request that opens the socket."""
        profile, name = self._profile, self._model.wire_id
        query = dict(profile.query)
        if profile.model == "query":
            query[profile.model_query] = name
        path = profile.path.replace("{model}", quote(name, safe=""))
        url = f"{path}?{urlencode(query)}" if query else path
        return HttpRequest(method="GET", url=url, headers=(BETA_HEADER,) if profile.form == "beta" else ())

    def opening(self) -> Sequence[Frame]:
        """The settings, then what was said before."""
        told = self._resume.history if self._resume else ()
        return [self._written(fields) for fields in (self._opening, *history(told, self._profile.form))]

    def send(self, command: Command) -> Sequence[Frame]:
        """A command as frames. Raises MessageError for settings that the host does not have, AudioError for half a sample."""
        if isinstance(command, AppendAudio):
            return self._append(command.data)
        return [self._written(fields) for fields in self._messages(command)]

    def receive(self, frame: Frame) -> Iterable[RealtimeEvent]:
        """What a frame says."""
        return read_frame(frame, self._memory)

    def closed(self, code: int | None, reason: str) -> Goodbye:
        """What the end of the connection means. A session that had lasted as long as it may can be opened anew."""
        told = goodbye(code, reason)
        return msgspec.structs.replace(told, reconnect=True) if self._memory.expired else told

    def _messages(self, command: Command) -> Iterator[Fields]:
        if isinstance(command, CommitAudio):
            yield from self._commit()
        elif isinstance(command, UpdateSession):
            yield self._update(command)
        elif (fields := message(command, self._profile.form)) is not None:
            if isinstance(command, ClearAudio):
                self._rest = b""
            yield fields
        if isinstance(command, SendText | SendToolResult) and command.answer:
            yield {"type": ANSWER}

    def _append(self, data: bytes) -> list[Frame]:
        """Sound as messages; half a sample at the end waits for its other half."""
        sample = self._config.input.sample_bytes
        if self._rest:
            data = self._rest + data
            self._rest = b""
        if odd := len(data) % sample:
            data, self._rest = data[:-odd], data[-odd:]
        most = self._profile.append_bytes // sample * sample
        return [append(data[start : start + most], self._next()) for start in range(0, len(data), most)]

    def _commit(self) -> Iterator[Fields]:
        if self._rest:
            self._rest = b""
            raise AudioError(
                f"the sound ends in the middle of a sample: {self._config.input.encoding} has"
                f" {self._config.input.sample_bytes} bytes each; send whole samples"
            )
        yield {"type": "input_audio_buffer.commit"}
        turns = self._config.turns
        if turns is not None and turns.kind == "client" and turns.answers:
            yield {"type": ANSWER}

    def _update(self, command: UpdateSession) -> Fields:
        config = self._agreed(command.config)
        session = write_session(config, command.changed, self._profile, self._capabilities)
        if "extra" in command.changed or "params" in command.changed:
            merge(session, self._more(config))
        fresh = {name: getattr(config, name) for name in command.changed}
        self._config = msgspec.structs.replace(self._config, **fresh)
        return {"type": "session.update", "session": session}

    def _session(self) -> Fields:
        config, profile = self._config, self._profile
        names = given(config) if config.language is None else (*given(config), "language")
        session = merge(dict(profile.defaults), write_session(config, names, profile, self._capabilities))
        session = merge(session, self._more(config))
        if profile.model == "session":
            session["model"] = self._model.wire_id
        return {"type": "session.update", "session": session}

    def _more(self, config: SessionConfig) -> Mapping[str, Any]:
        """Settings that genmux has no word for: those of this dialect, and the provider's own, which win. The model is none of them."""
        more = merge(dict(config.extra) if config.dialect == NAME else {}, config.params)
        return {name: value for name, value in more.items() if name != "model"}

    def _agreed(self, config: SessionConfig) -> SessionConfig:
        """The config with formats that the host has."""
        offered = self._capabilities
        entering, leaving = pick(config.input, offered.input_formats), pick(config.output, offered.output_formats)
        replace = msgspec.structs.replace
        return replace(
            config,
            input=replace(entering, frame_ms=config.input.frame_ms),
            output=replace(leaving, frame_ms=config.output.frame_ms),
        )

    def _written(self, fields: Fields) -> str:
        return written(fields, self._next())

    def _next(self) -> str:
        self._number += 1
        return f"genmux_{self._number}"
