"""Sound that is to be written down, wherever it is: given, in a file, at an address, kept as an asset, made by a job."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from genmux.app import App
from genmux.client.jobs.here import Here
from genmux.client.jobs.line import JobLine
from genmux.contract.model import Model
from genmux.flows.voice.cascade.calling import wave
from genmux.services.assets.data_uris import read_data_uri
from genmux.services.assets.inputs.sources import path_of, place_of
from genmux.types.assets import Asset
from genmux.types.errors import InvalidRequestError, NotFoundError
from genmux.types.generation import Input
from genmux.types.jobs import GenerationResult, Job
from genmux.types.principal import NOBODY
from genmux.types.speech import SpeechResult
from genmux.types.transcription import AudioFile

Sound = str | Path | bytes | AudioFile | SpeechResult | Asset | Job | GenerationResult
"""A path, a URL, a `data:` URI, bytes, speech, an asset or its id, a job or its id (its first output is meant), a result."""


async def sound_of(given: Any, *, app: App, line: Callable[[], JobLine], model: Model) -> AudioFile:
    """A sound as a request has it. An address that the model cannot fetch is fetched here. Raises ProviderError."""
    match given:
        case AudioFile():
            return given
        case SpeechResult(audio=audio, format=made):
            data, kind = (wave(audio, made), "audio/wav") if made.encoding == "pcm" else (audio, made.media_type)
            return AudioFile(data=data, media_type=kind, name=f"speech.{kind.partition('/')[2]}")
        case bytes() | bytearray() | memoryview():
            return AudioFile(data=bytes(given))
        case Path():
            return _file(given)
        case Asset():
            return await _kept(given, line())
        case Job(assets=assets) | GenerationResult(assets=assets) if assets:
            return await _kept(assets[0], line())
        case Job():
            return await _made(given.id, line())
        case str() if given:
            return await _named(given, app, line, model)
        case _:
            message = f"`audio` is {given!r:.100}; it must be a path, a URL, bytes, an asset, or a job with a result"
            raise InvalidRequestError(message, param="audio")


async def _named(source: str, app: App, line: Callable[[], JobLine], model: Model) -> AudioFile:
    """What a text means."""
    match place_of(Input(kind="audio", role="audio", source=source)):
        case "data":
            inline = read_data_uri(source)
            return AudioFile(data=inline.content, media_type=inline.media_type or "application/octet-stream")
        case "asset":
            there = line()
            return await _kept(await there.asset(source), there)
        case "job":
            return await _made(source, line())
        case "url":
            spec = model.spec.inputs.get("audio")
            if spec is not None and "url" in spec.carriage:
                return AudioFile(url=source)
            return await _fetched(source, app, model)
        case _:
            return _file(path_of(source))


def _file(path: Path) -> AudioFile:
    place = path.expanduser()
    if not place.is_file():
        raise InvalidRequestError(f"`audio`: the file {str(path)!r} is not there", param="audio")
    return AudioFile(path=str(place), name=place.name)


async def _made(job: str, line: JobLine) -> AudioFile:
    """What a job made first."""
    seen = await line.get(job)
    if not seen.assets:
        raise NotFoundError(f"the job {job} is {seen.status} and has made nothing (yet)", param="audio")
    return await _kept(seen.assets[0], line)


async def _kept(asset: Asset, line: JobLine) -> AudioFile:
    place = await line.place(asset)
    name, kind = asset.name or asset.id, asset.media_type or "application/octet-stream"
    if place is not None:
        return AudioFile(path=str(place), media_type=kind, name=name)
    data = b"".join([piece async for piece in line.open(asset)])
    return AudioFile(data=data, media_type=kind, name=name)


async def _fetched(url: str, app: App, model: Model) -> AudioFile:
    """Fetch it as inputs of jobs are fetched: within limits, and from nowhere that is private."""
    here = Here(app)
    await app.ready_for_jobs()
    wanted = Input(kind="audio", role="audio", source=url)
    taken = await app.kept().assets.files.take((wanted,), model=model, operation="transcribe", principal=NOBODY)
    return await _kept(await here.asset(str(taken.inputs[0].source)), here)
