"""The half that faces a provider: one connection."""

import zlib
from collections.abc import Iterable, Iterator, Sequence

import msgspec

from genmux.contract.goodbyes import goodbye
from genmux.contract.http import HttpRequest
from genmux.contract.model import Model
from genmux.contract.sessions import Capabilities, Frame, Goodbye, Resume, foreign, pick
from genmux.dialects.gemini_live.commands import content
from genmux.dialects.gemini_live.profile import Profile
from genmux.dialects.gemini_live.reading import Listening
from genmux.dialects.gemini_live.schema import NAME
from genmux.dialects.gemini_live.sending import Sending
from genmux.dialects.gemini_live.setup import Fields, write_setup
from genmux.types.audio import AudioFormat
from genmux.types.realtime import Command, SessionConfig
from genmux.types.realtime_events import RealtimeEvent

BAD_FRAME = 1007


class GeminiLiveCodec:
    """One connection to a Live API.

    What the API does not confirm (settings, messages, turns) is told with the next message, so that a session hears of it as
    of any other. `handle` is the newest with which a new connection goes on.
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
        config = _agreed(config, capabilities)
        mark = f"{zlib.crc32(msgspec.json.encode(resume)):08x}_" if resume else ""
        self._url = model.base_url.removesuffix("/").removesuffix(profile.version) + profile.path
        self._capabilities = capabilities
        self.warnings = foreign(config, NAME)
        self._setup = write_setup(config, model, resume, profile, capabilities)
        self._listening = Listening(mark)
        self._sending = Sending(config, self._listening, profile=profile, capabilities=capabilities)
        history = resume.history if resume and not resume.handle else ()
        self._before = [content(history, complete=False)] if history else []

    @property
    def capabilities(self) -> Capabilities:
        """What this session can do."""
        return self._capabilities

    @property
    def input(self) -> AudioFormat:
        """How sound must go in."""
        return self._sending.config.input

    @property
    def output(self) -> AudioFormat:
        """How sound comes out."""
        return self._sending.config.output

    @property
    def handle(self) -> str | None:
        """With this a new connection can go on; None while there is none."""
        return self._listening.handle

    def connect(self) -> HttpRequest:
        """The request that opens the socket."""
        return HttpRequest(method="GET", url=self._url)

    def opening(self) -> Sequence[Frame]:
        """The setup. Nothing may follow before the session is there: what was said before goes with the first command."""
        return [_written({"setup": self._setup})]

    def send(self, command: Command) -> Sequence[Frame]:
        """A command as frames. Raises MessageError for what there is no word for, AudioError for half a sample."""
        frames = self._sending.frames(command)
        if self._before and frames:
            frames = [_written(self._before.pop()), *frames]
        return frames

    def receive(self, frame: Frame) -> Iterable[RealtimeEvent]:
        """What a frame says, after what it confirms without saying so."""
        if self._sending.unconfirmed:
            return self._confirmed(frame)
        return self._listening.read(frame)

    def closed(self, code: int | None, reason: str) -> Goodbye:
        """What the end of the connection means. One that was announced is worth a new connection."""
        told = goodbye(code, reason)
        announced = self._listening.leaving and code != BAD_FRAME
        return msgspec.structs.replace(told, reconnect=True) if announced else told

    def _confirmed(self, frame: Frame) -> Iterator[RealtimeEvent]:
        waiting = self._sending.unconfirmed
        self._sending.unconfirmed = []
        yield from waiting
        yield from self._listening.read(frame)


def _agreed(config: SessionConfig, capabilities: Capabilities) -> SessionConfig:
    entering, leaving = pick(config.input, capabilities.input_formats), pick(config.output, capabilities.output_formats)
    replace = msgspec.structs.replace
    return replace(
        config,
        input=replace(entering, frame_ms=config.input.frame_ms),
        output=replace(leaving, frame_ms=config.output.frame_ms),
    )


def _written(fields: Fields) -> str:
    return msgspec.json.encode(fields).decode()
