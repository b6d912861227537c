"""Puts live sessions together: who listens, which models are usual, where a session is recorded. Imported when one is wanted."""

import asyncio
import random
import time
from collections.abc import Awaitable
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from genmux.contract.cascades import Cascade
from genmux.contract.operations import Operation
from genmux.flows.call.flow import CallFlow
from genmux.flows.call.ports import Accounts
from genmux.flows.voice.cascade.calling import wave
from genmux.flows.voice.cascade.hearing import HEARD
from genmux.flows.voice.cascade.ports import Ears, Judge
from genmux.flows.voice.recording import FolderRecorder
from genmux.flows.voice.sessions import Sessions, Usual
from genmux.flows.voice.speaking import Speaking
from genmux.flows.voice.transcribing import Transcribing
from genmux.services.catalog import EMBEDDED_MODELS
from genmux.services.ports import NewId
from genmux.services.settings import Settings
from genmux.types.chat import ChatRequest, Message
from genmux.types.content import Text
from genmux.types.errors import ConfigurationError
from genmux.types.realtime import SessionConfig, TurnDetection
from genmux.types.speech import SpeechRequest
from genmux.types.transcription import AudioFile, TranscriptionRequest

if TYPE_CHECKING:
    from genmux.services.audio.tools import LocalAudioTools

EMBEDDED = "local/"
"""So begin the models that run inside genmux, for nothing."""


class Around(Protocol):
    """What sessions need of the App."""

    settings: Settings
    new_id: NewId
    calls: CallFlow
    speaking: Speaking
    transcribing: Transcribing

    @property
    def accounts(self) -> Accounts:
        """The accounts at the providers."""
        ...

    @property
    def sessions(self) -> Sessions:
        """What makes sessions."""
        ...

    def audio_tools(self) -> "LocalAudioTools":
        """What knows sound."""
        ...


def sessions_of(app: Around) -> Sessions:
    """What makes the sessions of an App."""
    return Sessions(
        app.calls,
        app.speaking,
        app.transcribing,
        app.accounts,
        tools=app.audio_tools,
        ears=ears_for,
        judge=judge_for,
        usual=Usual(
            chat=usual_model(app.settings, "chat"),
            transcribe=usual_model(app.settings, "transcribe"),
            speak=usual_model(app.settings, "text_to_speech"),
        ),
        new_id=app.new_id,
        clock=time.monotonic,
        sleep=asyncio.sleep,
        random=random.random,
    )


def usual_model(settings: Settings, operation: Operation) -> str:
    """The model that is meant where nobody names one: what is configured, else what runs on this machine."""
    return settings.defaults.models.get(operation) or EMBEDDED_MODELS[operation]


async def warm(app: Around, name: str | None) -> None:
    """Load the embedded models of a cascade before somebody waits for them. Raises ProviderError where one is not installed."""
    _, cascade = app.sessions.model(name)
    if not isinstance(cascade, Cascade):
        return
    usual, work = app.settings, list[Awaitable[object]]()
    speak = cascade.speak or usual_model(usual, "text_to_speech")
    transcribe = cascade.transcribe or usual_model(usual, "transcribe")
    chat = cascade.chat or usual_model(usual, "chat")
    if speak.startswith(EMBEDDED):
        work.append(app.speaking.speak(SpeechRequest(model=speak, text="Ready.", format="pcm")))
    if transcribe.startswith(EMBEDDED):
        silence = wave(bytes(HEARD.size(500)), HEARD)
        sound = AudioFile(data=silence, media_type="audio/wav", size=len(silence), seconds=0.5)
        work.append(app.transcribing.transcribe(TranscriptionRequest(model=transcribe, audio=sound)))
    if chat.startswith(EMBEDDED):
        said = (Message(role="user", content=(Text("Hi"),)),)
        work.append(app.calls.chat(ChatRequest(model=chat, messages=said, max_tokens=1)))
    await asyncio.gather(*work)


def recorder_in(folder: Path, config: SessionConfig) -> FolderRecorder:
    """Records a session into a folder. Raises ConfigurationError for sound that is no pcm, and for a folder that cannot be made."""
    try:
        return FolderRecorder(folder.expanduser(), config.input, config.output, time.monotonic)
    except OSError as error:
        message = f"the session cannot be recorded in {folder}: {error.strerror or error}"
        raise ConfigurationError(message) from error


def ears_for(turns: TurnDetection | None) -> Ears:
    """Ears that find the turns of one session. Raises ConfigurationError where the libraries for it are missing."""
    try:
        from genmux.app.ears import VadEars
    except ImportError as error:
        message = f'listening needs its extra: pip install "genmux[voice]" ({error})'
        raise ConfigurationError(message) from error
    return VadEars(turns)


async def judge_for(turns: TurnDetection | None) -> Judge | None:
    """Who tells by sense when turns are over; None where silence does. Raises ConfigurationError where it is not installed."""
    if turns is None or turns.kind != "semantic":
        return None
    from genmux.app.judging import judge

    return await judge()
