"""Speech as a job: the parts of it become a WAV file."""

import wave
from collections.abc import Iterable, Iterator
from pathlib import Path

from genmux.contract.inputs import MediaRequest
from genmux.contract.local import Pause, Progress
from genmux.types.assets import Output
from genmux.types.audio import AudioFormat
from genmux.types.jobs import Completed
from genmux.types.parts import UsagePart
from genmux.types.speech import SpeechDelta, SpeechPart, SpeechRequest, SpeechStart
from genmux.types.usage import Usage


def as_speech(request: MediaRequest) -> SpeechRequest:
    """What a job asks for."""
    params = request.params
    return SpeechRequest(
        model="local",
        text=request.prompt,
        voice=params.get("voice"),
        speed=params.get("speed"),
        seed=params.get("seed"),
    )


def write(parts: Iterable[SpeechPart | Pause], request: MediaRequest) -> Iterator[Progress | Pause | Completed]:
    """Write samples of 16 bits into the folder of the request. The progress is guessed by how long such texts take."""
    path = Path(request.folder) / "speech.wav"
    made, usage, form = 0, Usage(), AudioFormat()
    with wave.open(str(path), "wb") as file:
        for part in parts:
            match part:
                case SpeechStart(format=form):
                    file.setparams((form.channels, 2, form.sample_rate, 0, "NONE", "not compressed"))
                case SpeechDelta(data=data):
                    file.writeframes(data)
                    made += len(data)
                    yield Progress(min(0.99, form.ms(made) / (_MS_OF_LETTER * len(request.prompt))))
                case UsagePart(usage=usage):
                    pass
                case Pause():
                    yield part
                case _:
                    pass
    yield Progress(1.0)
    output = Output(file=str(path), media_type="audio/wav", name=path.name)
    yield Completed(outputs=(output,), usage=usage)


_MS_OF_LETTER = 65.0
"""Milliseconds that a letter of an English text is heard."""
