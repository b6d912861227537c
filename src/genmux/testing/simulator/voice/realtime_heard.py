"""What servers have in common that only listen: turns, and what was said in each so far."""

from collections.abc import Sequence

from genmux.contract.sessions import Frame
from genmux.providers.mock.live import Manner
from genmux.testing.simulator.voice.realtime_speech import Hangup, Opened
from genmux.types.audio import AudioFormat
from genmux.types.errors import ProviderError
from genmux.types.realtime import SessionConfig, Transcribing, TurnDetection
from genmux.types.realtime_events import (
    InputTranscriptDelta,
    InputTranscriptDone,
    RealtimeEvent,
    SessionFailed,
    SpeechStarted,
    SpeechStopped,
)

BAD, NOTHING_SAID = 1008, "input_audio_buffer_commit_empty"
RATES = (8_000, 16_000, 24_000, 48_000)


class Turn:
    """What was said in a turn, from `start` to `end` in milliseconds."""

    def __init__(self, number: int) -> None:
        self.number = number
        self.start = self.end = 0
        self.text = ""

    @property
    def words(self) -> list[tuple[str, int, int]]:
        """The words, each as long as the others."""
        found = self.text.split()
        each = max(1, (self.end - self.start) // max(1, len(found)))
        return [(word, self.start + at * each, self.start + (at + 1) * each) for at, word in enumerate(found)]


class Heard:
    """One connection. The peer answers, too, so that scripts can say how that goes wrong; of its answers nothing is told."""

    manner = Manner(handles=False)

    def __init__(self) -> None:
        self.turn = Turn(0)
        self.ms = 0.0
        self._input = AudioFormat()

    def opened(self, model: str, rate: str, silence_ms: str | None, *, raw: bool) -> Opened:
        """A session that listens so. Raises Hangup for sound that the simulator does not hear."""
        if not raw or not rate.isdecimal() or int(rate) not in RATES:
            told = ", ".join(map(str, RATES))
            raise Hangup(BAD, f"the simulator hears 16-bit samples at {told} Hz alone")
        self._input = AudioFormat(sample_rate=int(rate))
        turns = TurnDetection(silence_ms=int(silence_ms) if silence_ms else None)
        config = SessionConfig(modalities=("text",), input=self._input, turns=turns, transcription=Transcribing())
        return Opened(config=config, model=model)

    def setup(self, frame: Frame) -> Opened:
        """There is no first message."""
        raise NotImplementedError(frame)

    def hears(self, frame: bytes) -> float:
        """Sound; gives how many milliseconds it is."""
        ms = self._input.ms(len(frame))
        self.ms += ms
        return ms

    def write(self, event: RealtimeEvent) -> Sequence[Frame]:
        """An event. Raises Hangup."""
        turn = self.turn
        match event:
            case SpeechStarted(audio_ms=ms):
                turn.start = turn.end = ms or 0
                return self.begins(turn)
            case SpeechStopped(audio_ms=ms):
                turn.end = ms or turn.end
            case InputTranscriptDelta(text=text):
                turn.text += text
                return self.goes_on(turn)
            case InputTranscriptDone(text=text):
                turn.text, turn.end = text, turn.end or int(self.ms)
                self.turn = Turn(turn.number + 1)
                return self.ends(turn)
            case SessionFailed(error=ProviderError() as error) if error.code != NOTHING_SAID:
                return self.refuse(error)
            case _:
                pass
        return ()

    def begins(self, turn: Turn) -> Sequence[Frame]:
        """Somebody speaks."""
        raise NotImplementedError(turn)

    def goes_on(self, turn: Turn) -> Sequence[Frame]:
        """More was said."""
        raise NotImplementedError(turn)

    def ends(self, turn: Turn) -> Sequence[Frame]:
        """The turn is over."""
        raise NotImplementedError(turn)

    def refuse(self, error: ProviderError) -> Sequence[Frame]:
        """An error. Raises Hangup."""
        raise NotImplementedError(error)
