"""How answers go: well, broken into, or badly."""

from collections.abc import Callable

from genmux.providers.mock.faults import KIND_FAULTS, error_of
from genmux.providers.mock.live.reel import Asked, Reel
from genmux.providers.mock.script import Fault
from genmux.types.realtime_events import (
    AudioChunk,
    GoingAway,
    ItemAdded,
    RateLimits,
    SessionFailed,
    SpeechStarted,
    SpeechStopped,
    Unknown,
)

BARGED = "turn_detected"
FILTERED = "content_filter"
LIMIT = 1_000
"""The limit of requests that is told."""


def enact(asked: Asked, at: float, *, model: str, speaker: str) -> Reel:
    """The whole answer, as it is wished for; `speaker` is the id of what is said when somebody breaks in.

    Raises UnsupportedError that names a fault which there is not.
    """
    reel, wish = Reel(asked, at), asked.wish
    if wish.fault in KIND_FAULTS and wish.after is None:
        reel.wait()
        reel.put(_failed(wish.fault, model))
        reel.over = True
        return reel
    _announce(reel)
    fault = wish.fault
    if fault is None:
        _well(reel, speaker)
    elif fault in FATES:
        FATES[fault](reel, wish.after)
    else:
        told = _failed(fault, model)
        reel.play(wish.after)
        reel.put(told)
        reel.finish("failed", KIND_FAULTS[fault].code)
    return reel


def _announce(reel: Reel) -> None:
    wish = reel.asked.wish
    if wish.going is not None:
        reel.put(GoingAway(seconds=wish.going))
    for name in (wish.wire or "").split(","):
        if name:
            reel.put(Unknown(name=name))
    reel.begin()
    if wish.remaining is not None:
        left = {"name": "requests", "limit": LIMIT, "remaining": wish.remaining, "reset_seconds": 1.0}
        reel.put(RateLimits(limits=(left,)))


def _well(reel: Reel, speaker: str) -> None:
    barge = reel.asked.wish.barge
    reel.play(barge)
    if barge is None:
        reel.finish()
        return
    reel.put(SpeechStarted(item_id=speaker))
    reel.finish("cancelled", BARGED)
    reel.put(SpeechStopped(item_id=speaker))


def _failed(name: str, model: str) -> SessionFailed:
    error = error_of(Fault(name=name), model=model, also=FATES)
    if name not in KIND_FAULTS:
        raise error
    return SessionFailed(error=error, recoverable=True)


def _half(reel: Reel, after: int | None) -> None:
    reel.play(reel.pieces // 2 if after is None else after)


def _filtered(reel: Reel, after: int | None) -> None:
    _half(reel, after)
    reel.finish("incomplete", FILTERED, filtered=True)


def _cut(reel: Reel, after: int | None) -> None:
    _half(reel, after)
    reel.finish("incomplete", "max_output_tokens")


def _broken(reel: Reel, after: int | None) -> None:
    _half(reel, after)
    reel.finish("failed", "server_error")


def _endless(reel: Reel, after: int | None) -> None:
    """Nothing follows; of `drop`, the connection ends as well."""
    _half(reel, after)


def _late(reel: Reel, after: int | None) -> None:
    """One more piece of sound comes after the end."""
    reel.play(after)
    last = next((event for _, event in reversed(reel.cues) if isinstance(event, AudioChunk)), None)
    reel.finish()
    if last is not None:
        reel.put(AudioChunk(item_id=last.item_id, response_id=last.response_id, data=last.data))


def _mixed(reel: Reel, after: int | None) -> None:
    """The first sound comes before the item that it belongs to, and before the answer has begun."""
    reel.play(after)
    first = next((cue for cue in reel.cues if isinstance(cue[1], AudioChunk)), None)
    if first is not None:
        reel.cues.remove(first)
        reel.cues.insert(0, (reel.cues[0][0], first[1]))
    added = next((cue for cue in reel.cues if isinstance(cue[1], ItemAdded)), None)
    if added is not None:
        reel.cues.remove(added)
        reel.cues.append((reel.at, added[1]))
    reel.finish()


DROP = "drop"
FATES: dict[str, Callable[[Reel, int | None], None]] = {
    "filtered": _filtered,
    "cut": _cut,
    "failed": _broken,
    DROP: _endless,
    "stall": _endless,
    "late": _late,
    "mixed": _mixed,
}
"""Bad ends of an answer, by their names in wishes."""
