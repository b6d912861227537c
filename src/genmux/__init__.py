"""One interface to every generative-AI provider.

Names are imported when they are first used, so that `import genmux` costs little.
"""

import importlib
import sys
from types import ModuleType
from typing import TYPE_CHECKING, Any

from genmux.types.version import VERSION

if TYPE_CHECKING:  # for editors and type checkers; a test holds it against the table below
    from genmux.client.async_client import AsyncClient as AsyncClient
    from genmux.client.bound import BoundProvider as BoundProvider
    from genmux.client.client import Client as Client
    from genmux.client.default import clear_cache as clear_cache
    from genmux.client.default import get_provider as get_provider
    from genmux.client.default import is_registered as is_registered
    from genmux.client.default import providers as providers
    from genmux.client.default import register_provider as register_provider
    from genmux.client.jobs.api import JobsApi as JobsApi
    from genmux.client.jobs.blocking import BlockingJobs as BlockingJobs
    from genmux.client.jobs.files import AssetFile as AssetFile
    from genmux.client.jobs.files import BlockingAssetFile as BlockingAssetFile
    from genmux.client.streams import BlockingStream as BlockingStream
    from genmux.client.streams import ChatStream as ChatStream
    from genmux.client.tools import run_tool as run_tool
    from genmux.client.voice.blocking import BlockingSpeech as BlockingSpeech
    from genmux.client.voice.live import LiveSession as LiveSession
    from genmux.contract.manifest import Manifest as Manifest
    from genmux.contract.provider import Provider as Provider
    from genmux.flows.voice.limits import SessionLimits as SessionLimits
    from genmux.flows.voice.session import Session as Session
    from genmux.flows.voice.speech_stream import SpeechStream as SpeechStream
    from genmux.services.catalog import ModelInfo as ModelInfo
    from genmux.services.registry import ProviderInfo as ProviderInfo
    from genmux.services.totals import Total as Total
    from genmux.types.assets import Asset as Asset
    from genmux.types.audio import AudioFormat as AudioFormat
    from genmux.types.chat import ChatRequest as ChatRequest
    from genmux.types.chat import ChatResult as ChatResult
    from genmux.types.chat import FinishReason as FinishReason
    from genmux.types.chat import Message as Message
    from genmux.types.chat import OutputFormat as OutputFormat
    from genmux.types.chat import ReasoningConfig as ReasoningConfig
    from genmux.types.chat import Tool as Tool
    from genmux.types.chat import ToolChoice as ToolChoice
    from genmux.types.content import Audio as Audio
    from genmux.types.content import Cache as Cache
    from genmux.types.content import File as File
    from genmux.types.content import Image as Image
    from genmux.types.content import Opaque as Opaque
    from genmux.types.content import Reasoning as Reasoning
    from genmux.types.content import Refusal as Refusal
    from genmux.types.content import Text as Text
    from genmux.types.content import ToolCall as ToolCall
    from genmux.types.content import ToolResult as ToolResult
    from genmux.types.embed import EmbedRequest as EmbedRequest
    from genmux.types.embed import EmbedResult as EmbedResult
    from genmux.types.errors import AudioError as AudioError
    from genmux.types.errors import AuthenticationError as AuthenticationError
    from genmux.types.errors import BudgetExceededError as BudgetExceededError
    from genmux.types.errors import ConfigurationError as ConfigurationError
    from genmux.types.errors import ContentFilteredError as ContentFilteredError
    from genmux.types.errors import ContextOverflowError as ContextOverflowError
    from genmux.types.errors import ErrorKind as ErrorKind
    from genmux.types.errors import GenmuxError as GenmuxError
    from genmux.types.errors import InvalidRequestError as InvalidRequestError
    from genmux.types.errors import MalformedReplyError as MalformedReplyError
    from genmux.types.errors import MessageError as MessageError
    from genmux.types.errors import NetworkError as NetworkError
    from genmux.types.errors import NotFoundError as NotFoundError
    from genmux.types.errors import OverloadedError as OverloadedError
    from genmux.types.errors import PermissionDeniedError as PermissionDeniedError
    from genmux.types.errors import ProviderError as ProviderError
    from genmux.types.errors import QuotaExceededError as QuotaExceededError
    from genmux.types.errors import RateLimitError as RateLimitError
    from genmux.types.errors import RequestCancelledError as RequestCancelledError
    from genmux.types.errors import RequestTimeoutError as RequestTimeoutError
    from genmux.types.errors import Retry as Retry
    from genmux.types.errors import ServerError as ServerError
    from genmux.types.errors import UnsupportedError as UnsupportedError
    from genmux.types.errors import ValidationError as ValidationError
    from genmux.types.events import Event as Event
    from genmux.types.generation import GenerationRequest as GenerationRequest
    from genmux.types.generation import Input as Input
    from genmux.types.health import Health as Health
    from genmux.types.jobs import GenerationResult as GenerationResult
    from genmux.types.jobs import Job as Job
    from genmux.types.jobs import JobError as JobError
    from genmux.types.jobs import JobFilter as JobFilter
    from genmux.types.jobs import JobStatus as JobStatus
    from genmux.types.money import Cost as Cost
    from genmux.types.money import Estimate as Estimate
    from genmux.types.money import Price as Price
    from genmux.types.money import TokenCount as TokenCount
    from genmux.types.parts import BlockEnd as BlockEnd
    from genmux.types.parts import BlockStart as BlockStart
    from genmux.types.parts import ErrorPart as ErrorPart
    from genmux.types.parts import ExtraPart as ExtraPart
    from genmux.types.parts import Finish as Finish
    from genmux.types.parts import Part as Part
    from genmux.types.parts import ReasoningDelta as ReasoningDelta
    from genmux.types.parts import Start as Start
    from genmux.types.parts import TextDelta as TextDelta
    from genmux.types.parts import ToolCallDelta as ToolCallDelta
    from genmux.types.parts import UsagePart as UsagePart
    from genmux.types.parts import WarningPart as WarningPart
    from genmux.types.realtime import SessionConfig as SessionConfig
    from genmux.types.realtime import SessionState as SessionState
    from genmux.types.realtime import TurnDetection as TurnDetection
    from genmux.types.realtime_events import AudioChunk as AudioChunk
    from genmux.types.realtime_events import BudgetSpent as BudgetSpent
    from genmux.types.realtime_events import InputTranscriptDelta as InputTranscriptDelta
    from genmux.types.realtime_events import InputTranscriptDone as InputTranscriptDone
    from genmux.types.realtime_events import Interrupted as Interrupted
    from genmux.types.realtime_events import OutputTranscriptDelta as OutputTranscriptDelta
    from genmux.types.realtime_events import OutputTranscriptDone as OutputTranscriptDone
    from genmux.types.realtime_events import RealtimeEvent as RealtimeEvent
    from genmux.types.realtime_events import ResponseDone as ResponseDone
    from genmux.types.realtime_events import ResponseStarted as ResponseStarted
    from genmux.types.realtime_events import SessionClosed as SessionClosed
    from genmux.types.realtime_events import SessionFailed as SessionFailed
    from genmux.types.realtime_events import SpeechDismissed as SpeechDismissed
    from genmux.types.realtime_events import SpeechStarted as SpeechStarted
    from genmux.types.realtime_events import SpeechStopped as SpeechStopped
    from genmux.types.realtime_events import SpeechSuspected as SpeechSuspected
    from genmux.types.realtime_events import StateChanged as StateChanged
    from genmux.types.realtime_events import ToolCalled as ToolCalled
    from genmux.types.speech import SpeechDelta as SpeechDelta
    from genmux.types.speech import SpeechRequest as SpeechRequest
    from genmux.types.speech import SpeechResult as SpeechResult
    from genmux.types.speech import SpeechStart as SpeechStart
    from genmux.types.speech import SpeechWords as SpeechWords
    from genmux.types.speech import SpokenWord as SpokenWord
    from genmux.types.speech import Voice as Voice
    from genmux.types.subtitles import srt as srt
    from genmux.types.subtitles import vtt as vtt
    from genmux.types.timed_words import Segment as Segment
    from genmux.types.timed_words import Word as Word
    from genmux.types.transcription import AudioFile as AudioFile
    from genmux.types.transcription import Transcript as Transcript
    from genmux.types.transcription import TranscriptDelta as TranscriptDelta
    from genmux.types.transcription import TranscriptDone as TranscriptDone
    from genmux.types.transcription import TranscriptionRequest as TranscriptionRequest
    from genmux.types.transcription import TranscriptSegment as TranscriptSegment
    from genmux.types.usage import Usage as Usage
    from genmux.types.warning import Warning as Warning  # noqa: A004 — see genmux.types.warning


__version__ = VERSION

_HOMES: dict[str, str] = {
    "AsyncClient": "genmux.client.async_client",
    "BoundProvider": "genmux.client.bound",
    "Client": "genmux.client.client",
    "clear_cache": "genmux.client.default",
    "get_provider": "genmux.client.default",
    "is_registered": "genmux.client.default",
    "providers": "genmux.client.default",
    "register_provider": "genmux.client.default",
    "JobsApi": "genmux.client.jobs.api",
    "BlockingJobs": "genmux.client.jobs.blocking",
    "AssetFile": "genmux.client.jobs.files",
    "BlockingAssetFile": "genmux.client.jobs.files",
    "BlockingStream": "genmux.client.streams",
    "ChatStream": "genmux.client.streams",
    "run_tool": "genmux.client.tools",
    "Manifest": "genmux.contract.manifest",
    "Provider": "genmux.contract.provider",
    "ModelInfo": "genmux.services.catalog",
    "ProviderInfo": "genmux.services.registry",
    "Total": "genmux.services.totals",
    "Asset": "genmux.types.assets",
    "AudioFormat": "genmux.types.audio",
    "ChatRequest": "genmux.types.chat",
    "ChatResult": "genmux.types.chat",
    "FinishReason": "genmux.types.chat",
    "Message": "genmux.types.chat",
    "OutputFormat": "genmux.types.chat",
    "ReasoningConfig": "genmux.types.chat",
    "Tool": "genmux.types.chat",
    "ToolChoice": "genmux.types.chat",
    "Audio": "genmux.types.content",
    "Cache": "genmux.types.content",
    "File": "genmux.types.content",
    "Image": "genmux.types.content",
    "Opaque": "genmux.types.content",
    "Reasoning": "genmux.types.content",
    "Refusal": "genmux.types.content",
    "Text": "genmux.types.content",
    "ToolCall": "genmux.types.content",
    "ToolResult": "genmux.types.content",
    "EmbedRequest": "genmux.types.embed",
    "EmbedResult": "genmux.types.embed",
    "AuthenticationError": "genmux.types.errors",
    "BudgetExceededError": "genmux.types.errors",
    "ConfigurationError": "genmux.types.errors",
    "ContentFilteredError": "genmux.types.errors",
    "ContextOverflowError": "genmux.types.errors",
    "ErrorKind": "genmux.types.errors",
    "GenmuxError": "genmux.types.errors",
    "InvalidRequestError": "genmux.types.errors",
    "MalformedReplyError": "genmux.types.errors",
    "NetworkError": "genmux.types.errors",
    "NotFoundError": "genmux.types.errors",
    "OverloadedError": "genmux.types.errors",
    "PermissionDeniedError": "genmux.types.errors",
    "ProviderError": "genmux.types.errors",
    "QuotaExceededError": "genmux.types.errors",
    "RateLimitError": "genmux.types.errors",
    "RequestCancelledError": "genmux.types.errors",
    "RequestTimeoutError": "genmux.types.errors",
    "Retry": "genmux.types.errors",
    "ServerError": "genmux.types.errors",
    "UnsupportedError": "genmux.types.errors",
    "ValidationError": "genmux.types.errors",
    "AudioError": "genmux.types.errors",
    "MessageError": "genmux.types.errors",
    "Event": "genmux.types.events",
    "GenerationRequest": "genmux.types.generation",
    "Input": "genmux.types.generation",
    "Health": "genmux.types.health",
    "GenerationResult": "genmux.types.jobs",
    "Job": "genmux.types.jobs",
    "JobError": "genmux.types.jobs",
    "JobFilter": "genmux.types.jobs",
    "JobStatus": "genmux.types.jobs",
    "Cost": "genmux.types.money",
    "Estimate": "genmux.types.money",
    "Price": "genmux.types.money",
    "TokenCount": "genmux.types.money",
    "BlockEnd": "genmux.types.parts",
    "BlockStart": "genmux.types.parts",
    "ErrorPart": "genmux.types.parts",
    "ExtraPart": "genmux.types.parts",
    "Finish": "genmux.types.parts",
    "Part": "genmux.types.parts",
    "ReasoningDelta": "genmux.types.parts",
    "Start": "genmux.types.parts",
    "TextDelta": "genmux.types.parts",
    "ToolCallDelta": "genmux.types.parts",
    "UsagePart": "genmux.types.parts",
    "WarningPart": "genmux.types.parts",
    "SpeechDelta": "genmux.types.speech",
    "SpeechRequest": "genmux.types.speech",
    "SpeechResult": "genmux.types.speech",
    "SpeechStart": "genmux.types.speech",
    "SpeechWords": "genmux.types.speech",
    "SpokenWord": "genmux.types.speech",
    "Voice": "genmux.types.speech",
    "srt": "genmux.types.subtitles",
    "vtt": "genmux.types.subtitles",
    "AudioFile": "genmux.types.transcription",
    "Segment": "genmux.types.timed_words",
    "Transcript": "genmux.types.transcription",
    "TranscriptDelta": "genmux.types.transcription",
    "TranscriptDone": "genmux.types.transcription",
    "TranscriptionRequest": "genmux.types.transcription",
    "TranscriptSegment": "genmux.types.transcription",
    "Word": "genmux.types.timed_words",
    "Usage": "genmux.types.usage",
    "BlockingSpeech": "genmux.client.voice.blocking",
    "LiveSession": "genmux.client.voice.live",
    "SessionLimits": "genmux.flows.voice.limits",
    "Session": "genmux.flows.voice.session",
    "SpeechStream": "genmux.flows.voice.speech_stream",
    "AudioChunk": "genmux.types.realtime_events",
    "BudgetSpent": "genmux.types.realtime_events",
    "InputTranscriptDelta": "genmux.types.realtime_events",
    "InputTranscriptDone": "genmux.types.realtime_events",
    "Interrupted": "genmux.types.realtime_events",
    "OutputTranscriptDelta": "genmux.types.realtime_events",
    "OutputTranscriptDone": "genmux.types.realtime_events",
    "RealtimeEvent": "genmux.types.realtime_events",
    "ResponseDone": "genmux.types.realtime_events",
    "ResponseStarted": "genmux.types.realtime_events",
    "SessionClosed": "genmux.types.realtime_events",
    "SessionConfig": "genmux.types.realtime",
    "SessionFailed": "genmux.types.realtime_events",
    "SessionState": "genmux.types.realtime",
    "SpeechStarted": "genmux.types.realtime_events",
    "SpeechDismissed": "genmux.types.realtime_events",
    "SpeechStopped": "genmux.types.realtime_events",
    "SpeechSuspected": "genmux.types.realtime_events",
    "StateChanged": "genmux.types.realtime_events",
    "ToolCalled": "genmux.types.realtime_events",
    "TurnDetection": "genmux.types.realtime",
    "Warning": "genmux.types.warning",
}
"""Where each public name lives."""

__all__ = ["__version__", *_HOMES]  # noqa: PLE0604 — all of them are names  # pyright: ignore[reportUnsupportedDunderAll]


class _Package(ModuleType):
    """Keeps public names what they are: importing the package `genmux.providers` must not hide the function `providers`."""

    def __setattr__(self, name: str, value: Any) -> None:
        if name not in _HOMES or not isinstance(value, ModuleType):
            super().__setattr__(name, value)


sys.modules[__name__].__class__ = _Package


def __getattr__(name: str) -> Any:
    """Import a public name when it is first asked for."""
    home = _HOMES.get(name)
    if home is None:
        message = f"module 'genmux' has no attribute {name!r}"
        raise AttributeError(message)
    value = getattr(importlib.import_module(home), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    """All public names."""
    return sorted(__all__)
