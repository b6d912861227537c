"""OpenAI's realtime protocol in front of a scripted peer."""

from collections.abc import Mapping, Sequence

from genmux.contract.sessions import Frame
from genmux.dialects.openai_realtime import OpenAIRealtimeServer
from genmux.providers.mock.live import OPENAI
from genmux.testing.simulator.voice.realtime_speech import Opened
from genmux.types.errors import MessageError, ProviderError
from genmux.types.realtime import Command, UpdateSession
from genmux.types.realtime_events import RealtimeEvent

MODEL = "gpt-realtime"


class OpenAISpeech:
    """One connection; the dialect's own server half translates."""

    manner = OPENAI

    def __init__(self, *, beta: bool = False) -> None:
        self._half = OpenAIRealtimeServer(beta=beta)
        self._model = MODEL

    def open(self, query: Mapping[str, str]) -> Opened:
        """The session begins at once, as it is usual."""
        self._model = query.get("model") or MODEL
        return Opened(config=self._half.config, model=self._model)

    def setup(self, frame: Frame) -> Opened:
        """There is no first message."""
        raise NotImplementedError(frame)

    def greet(self, session: str) -> Sequence[Frame]:
        """The session as it is."""
        return self._half.greet(f"sess_{session}", self._model)

    def accept(self, frame: Frame) -> Sequence[Command]:
        """What a message wants."""
        commands = self._half.accept(frame)
        for command in commands:
            if isinstance(command, UpdateSession):
                for place, made in (("input", command.config.input), ("output", command.config.output)):
                    if made.encoding != "pcm":
                        message = f"the simulator speaks audio/pcm, not {made.media_type}"
                        raise MessageError(message, param=f"session.audio.{place}.format")
        return commands

    def write(self, event: RealtimeEvent) -> Sequence[Frame]:
        """An event."""
        return self._half.write(event)

    def refuse(self, error: ProviderError) -> Sequence[Frame]:
        """An error; the session goes on."""
        return self._half.refuse(error)
