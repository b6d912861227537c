"""The half that faces a caller: one connection."""

import binascii
from collections.abc import Mapping, Sequence

from genmux.contract.sessions import Capabilities, Frame
from genmux.dialects.openai_realtime.accept import Accepting
from genmux.dialects.openai_realtime.beside import EVENT, Wordless, about_session
from genmux.dialects.openai_realtime.passing import append_size
from genmux.dialects.openai_realtime.schema import NAME
from genmux.dialects.openai_realtime.told import TOLD, error_frame
from genmux.dialects.openai_realtime.writing import Writing
from genmux.types.errors import ProviderError
from genmux.types.realtime import Command, SessionConfig, TurnDetection
from genmux.types.realtime_events import AudioChunk, PassedAudio, RealtimeEvent
from genmux.types.warning import Warning  # noqa: A004 — see genmux.types.warning


class OpenAIRealtimeServer:
    """One caller, who speaks the new form or, with `beta`, the one before.

    Turns are found out by the server unless the caller says otherwise, as callers of this dialect expect.
    """

    def __init__(self, *, beta: bool = False) -> None:
        self._accepting = Accepting(SessionConfig(turns=TurnDetection(), dialect=NAME))
        self._writing = Writing(self._accepting, "beta" if beta else "ga")

    @property
    def config(self) -> SessionConfig:
        """What the caller has set up so far."""
        return self._accepting.config

    @property
    def event_id(self) -> str | None:
        """The caller's id of the message that was accepted (or not understood) last; None where it had none."""
        return self._accepting.event_id

    @property
    def spoken(self) -> str:
        """The dialect and its form."""
        return f"{NAME}/{self._writing.form}"

    def passing(self, frame: Frame) -> int | None:
        """Bytes of sound in a frame that a provider of this dialect takes as it is; None for any other."""
        return append_size(frame) if isinstance(frame, str) else None

    def unpassed(self, event: PassedAudio) -> AudioChunk:
        """Sound that was not read, read after all."""
        start = event.frame.rindex('"', 0, -2) + 1
        data = binascii.a2b_base64(event.frame[start:-2])
        return AudioChunk(
            response_id=event.response_id, item_id=event.item_id, content_index=event.content_index, data=data
        )

    def greet(self, session: str, model: str) -> Sequence[Frame]:
        """What the caller hears first: its session, whole."""
        self._writing.session, self._writing.model = session, model
        return list(self._writing.session_frame("session.created"))

    def tell(self, able: Capabilities, warnings: Sequence[Warning]) -> None:
        """The session is there: what it can do, and what was left out, is told whenever it is told to be set up."""
        self._writing.about = about_session(able, warnings)

    def accept(self, frame: Frame) -> Sequence[Command]:
        """What the caller wants. Raises MessageError for what cannot be understood; the session goes on."""
        return self._accepting.accept(frame)

    def restore(self, config: SessionConfig) -> None:
        """A change could not be made: the session is as it was."""
        self._accepting.config = config
        self._accepting.updates = max(0, self._accepting.updates - 1)

    def write(self, event: RealtimeEvent) -> Sequence[Frame]:
        """An event for the caller; none where the dialect has no word for it, unless the caller listens to what stands beside."""
        write = TOLD.get(type(event))
        frames = list(write(event, self._writing)) if write else ()
        if not frames and self._accepting.listens and isinstance(event, Wordless):
            return list(self._writing.frame(EVENT, event=event))
        return frames

    def refuse(self, error: ProviderError, *, command: str | None = None) -> Sequence[Frame]:
        """An error for the caller, who may go on; without `command` it is about the message that came last."""
        return list(error_frame(error, self._writing, command or self._accepting.event_id))


def wants_beta(headers: Mapping[bytes, bytes]) -> bool:
    """Whether a caller asks for the form before; names of headers are lower case."""
    return b"realtime=v1" in headers.get(b"openai-beta", b"")
