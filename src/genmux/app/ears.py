"""The ears of a cascade: the detector of speech, told as what a session notices."""

from collections.abc import Sequence

from genmux.flows.voice.cascade.ports import Noticed, NoticedKind
from genmux.services.audio.detectors import Ear
from genmux.services.audio.vad import RATE, SpeechGate, VadEvent, VadKind, VadSettings
from genmux.types.realtime import TurnDetection

HYSTERESIS = 0.15
"""By so much less likely a frame may be and still belong to the speech before it."""

UNDECIDED = {"low": 2_400, "medium": 1_200, "auto": 1_200, None: 1_200, "high": 600}
"""Milliseconds of silence that end a turn all the same which did not sound as if it were over, by eagerness."""

_NOTICED: dict[VadKind, NoticedKind] = {
    "suspected": "suspected",
    "dismissed": "dismissed",
    "began": "started",
    "paused": "paused",
    "resumed": "resumed",
    "ended": "stopped",
}


class VadEars:
    """Listens for turns as they are wished for. Milliseconds go on being counted after a `reset`."""

    def __init__(self, turns: TurnDetection | None = None, *, ear: Ear | None = None) -> None:
        self._settings = settings_of(turns)
        self._ear = Ear() if ear is None else ear
        self._gate = SpeechGate(self._settings)
        self._before = 0.0
        self._bytes = 0

    def feed(self, data: bytes) -> Sequence[Noticed]:
        """Hear more: samples of 16 bits, 16,000 a second."""
        self._bytes += len(data)
        events = (event for likelihood in self._ear.feed(data) for event in self._gate.feed(likelihood))
        return [Noticed(_NOTICED[event.kind], round(self._before + _moment(event))) for event in events]

    def reset(self) -> None:
        """Forget what is under way."""
        self._before += self._bytes / 2 * 1_000 / RATE
        self._bytes = 0
        self._ear.reset()
        self._gate = SpeechGate(self._settings)

    def tune(self, turns: TurnDetection | None) -> None:
        """Listen from now on as it is wished for; what is under way goes on."""
        self._settings = self._gate.settings = settings_of(turns)


def settings_of(turns: TurnDetection | None) -> VadSettings:
    """How speech is found. What is kept before it is for the session to say, so that nothing is padded here."""
    usual = VadSettings(pad_ms=0)
    if turns is None:
        return usual
    threshold = usual.threshold if turns.threshold is None else min(0.99, max(0.01, turns.threshold))
    usually = UNDECIDED[turns.eagerness] if turns.kind == "semantic" else usual.silence_ms
    silence = usually if turns.silence_ms is None else max(0, turns.silence_ms)
    return VadSettings(
        threshold=threshold,
        release=max(0.005, threshold - HYSTERESIS),
        pause_ms=min(usual.pause_ms, silence),
        silence_ms=silence,
        pad_ms=0,
    )


def _moment(event: VadEvent) -> float:
    match event.kind:
        case "began" | "suspected":
            return event.start_ms
        case "ended" if event.end_ms is not None:
            return event.end_ms
        case _:
            return event.at_ms
