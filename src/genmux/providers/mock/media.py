"""One generation of media, decided, and played: progress, and what becomes of it."""

import datetime
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec

from genmux.contract.inputs import MediaRequest
from genmux.contract.local import Pause, Progress
from genmux.providers.mock.faults import error_of
from genmux.providers.mock.media_files import MadeFile, files_of
from genmux.providers.mock.script import Fault
from genmux.types.assets import Output
from genmux.types.jobs import Completed, Failed, Filtered
from genmux.types.usage import Usage

MODELS = ("image", "video", "music", "sound", "speech")
"""The models that make media."""

STEPS = 10
"""How many steps a generation has; `pace` is how long each takes, `after` how many are made before a fault."""

LONG_AGO = datetime.datetime(2000, 1, 1, tzinfo=datetime.UTC)
NOWHERE = "https://mock.genmux.test/gone"
"""An address of which nothing can be fetched: names under `.test` are nobody's."""

LOOK = 0.5
"""A longer wait is made in pieces of so many seconds, so that whoever waits can see whether it is still wanted."""

STUCK = "stuck"
"""A generation that never ends."""

Ended = Completed | Filtered | Failed


class Scene(msgspec.Struct, frozen=True, kw_only=True):
    """Everything about one generation. `latency` and `pace` are in seconds."""

    model: str
    text: str
    seed: int = 0
    latency: float = 0.0
    pace: float = 0.0
    fault: Fault | None = None


def played(scene: Scene, request: MediaRequest) -> Iterator[Progress | Pause | Ended]:
    """The generation step by step. Raises the error that it shall end with."""
    yield from _waited(scene.latency, 0.0)
    fault = scene.fault
    whole = fault is None or (fault.name in ENDS and not fault.after)
    steps = STEPS if fault is None or whole else min(fault.after, STEPS)
    for step in range(steps):
        yield Progress(step / STEPS)
        yield from _waited(scene.pace, step / STEPS)
    if fault is not None and fault.name == STUCK:
        while True:
            yield from _waited(2 * LOOK, steps / STEPS)
    if fault is not None and fault.name not in ENDS:
        raise error_of(fault, model=scene.model, also=[*ENDS, STUCK])
    if whole:
        yield Progress(1.0)
    yield _made(scene, request) if fault is None else ENDS[fault.name](scene, request)


def _waited(seconds: float, part: float) -> Iterator[Progress | Pause]:
    """A pause, in pieces."""
    while seconds > LOOK:
        yield Pause(LOOK)
        yield Progress(part)
        seconds -= LOOK
    if seconds > 0:
        yield Pause(seconds)


def _made(scene: Scene, request: MediaRequest) -> Completed:
    """The files, written into the request's folder."""
    outputs: list[Output] = []
    meters: Counter[str] = Counter()
    for number, file in enumerate(files_of(request, text=scene.text, seed=scene.seed), start=1):
        path = Path(request.folder) / f"{scene.model}-{number}.{file.ending}"
        path.write_bytes(file.data)
        outputs.append(_output(path, file))
        meters.update(file.meters)  # type: ignore[arg-type] — a Counter adds fractions as well
    return Completed(outputs=tuple(outputs), usage=Usage(meters=dict(meters)))


def _output(path: Path, file: MadeFile) -> Output:
    return Output(file=str(path), media_type=file.media_type, name=path.name, metadata={"simulated": True})


def _filtered(scene: Scene, request: MediaRequest) -> Filtered:
    del request
    return Filtered(reason=_told(scene, "the content policy forbids the result"), raw="filtered")


def _failed(scene: Scene, request: MediaRequest) -> Failed:
    del request
    code = scene.fault.code if scene.fault else None
    return Failed(message=_told(scene, "the generation failed"), code=code or "generation_failed", raw="failed")


def _empty(scene: Scene, request: MediaRequest) -> Completed:
    del scene, request
    return Completed()


def _partly_filtered(scene: Scene, request: MediaRequest) -> Completed:
    """All but the last one."""
    made = _made(scene, request)
    return msgspec.structs.replace(made, outputs=made.outputs[:-1], filtered=1)


def _expired(scene: Scene, request: MediaRequest) -> Completed:
    """Addresses that died before anybody could fetch what was there."""
    made = _made(scene, request)
    gone = [Output(url=f"{NOWHERE}/{one.name}", media_type=one.media_type, expires_at=LONG_AGO) for one in made.outputs]
    return msgspec.structs.replace(made, outputs=tuple(gone))


def _mislabeled(scene: Scene, request: MediaRequest) -> Completed:
    """Files that are not what they claim to be."""
    return _spoilt(_made(scene, request), lambda _data: b"<html>not what you wanted</html>")


def _truncated(scene: Scene, request: MediaRequest) -> Completed:
    """Files of which the second half is missing."""
    return _spoilt(_made(scene, request), lambda data: data[: len(data) // 2])


def _missing(scene: Scene, request: MediaRequest) -> Completed:
    """Files that are not there."""
    made = _made(scene, request)
    for one in made.outputs:
        Path(one.file or "").unlink()
    return made


def _spoilt(made: Completed, spoil: Callable[[bytes], bytes]) -> Completed:
    for one in made.outputs:
        path = Path(one.file or "")
        path.write_bytes(spoil(path.read_bytes()))
    return made


def _told(scene: Scene, usual: str) -> str:
    """The words of the fault, where a script has some."""
    return (scene.fault.message if scene.fault else None) or f"{usual} (played by the simulator)"


ENDS: dict[str, Callable[[Scene, MediaRequest], Ended]] = {
    "filtered": _filtered,
    "failed": _failed,
    "empty": _empty,
    "partly_filtered": _partly_filtered,
    "expired": _expired,
    "mislabeled": _mislabeled,
    "truncated": _truncated,
    "missing": _missing,
}
"""Bad ends of a generation that was taken, by their names in directives and scripts."""
