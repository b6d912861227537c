"""What servers have in common that speak a text while it is being written: texts in pieces, an answer for each."""

import binascii
from collections import deque
from typing import Any

import msgspec

from genmux.contract.sessions import Frame
from genmux.providers.mock.live import OPENAI
from genmux.testing.simulator.voice.realtime_speech import Hangup
from genmux.types.audio import AudioFormat
from genmux.types.errors import ErrorKind, ProviderError
from genmux.types.realtime import CancelResponse, Command, SendText

BAD = 1008
OVER = "response_cancel_not_active"
"""The peer's word for an answer that cannot be stopped because it is over, of which nothing is told."""

NEVER = " [mock latency=1000]"
RATES = (8_000, 16_000, 24_000, 48_000)
"""Samples a second that the peer speaks with."""


class Contexts:
    """Texts that are under way, by the names that the client gives them. One is spoken when it is complete."""

    manner = OPENAI

    def __init__(self) -> None:
        self._texts: dict[str, str] = {}
        self._waiting: deque[str] = deque()
        self._names: dict[str, str] = {}
        self.telephone = False

    def adds(self, context: str, text: str) -> None:
        """More text."""
        self._texts[context] = self._texts.get(context, "") + text

    def completes(self, context: str) -> list[Command]:
        """The text is complete: it is to be spoken."""
        self._waiting.append(context)
        return [SendText(self._texts.pop(context, "").strip())]

    def stops(self, context: str) -> list[Command]:
        """The text is not wanted any more. One that is still written is begun, never heard, and stopped."""
        if context not in self._texts:
            return [CancelResponse()]
        self.adds(context, NEVER)
        return [*self.completes(context), CancelResponse()]

    def knows(self, context: str) -> bool:
        """Whether its text is still written."""
        return context in self._texts

    def context(self, response: str | None) -> str:
        """To which text an answer belongs; without one, the text that waits."""
        if response is None or response not in self._names:
            name = self._waiting.popleft() if self._waiting else ""
            if response is None:
                return name
            self._names[response] = name
        return self._names[response]

    def sound(self, data: bytes) -> str:
        """Samples in base64; G.711 is a byte a sample, whatever it sounds like."""
        return binascii.b2a_base64(data[::2] if self.telephone else data, newline=False).decode()


def spoken_format(kind: str, rate: int) -> tuple[AudioFormat, bool]:
    """How the peer speaks for a wished format, and whether that is for a telephone. Raises ProviderError for one that it has not."""
    telephone = kind in {"ulaw", "alaw", "pcm_mulaw", "pcm_alaw"}
    if not telephone and kind not in {"pcm", "pcm_s16le"}:
        raise refused(f"the simulator does not speak {kind}")
    if rate not in RATES:
        raise refused(f"the simulator does not speak at {rate} Hz, only at {', '.join(map(str, RATES))}")
    return AudioFormat(sample_rate=rate), telephone


def refused(message: str) -> ProviderError:
    """An error of the client's."""
    return ProviderError(message, kind=ErrorKind.INVALID_REQUEST)


def read(frame: Frame) -> dict[str, Any]:
    """A message. Raises Hangup for what is none."""
    try:
        return msgspec.json.decode(frame, type=dict[str, Any])
    except (msgspec.MsgspecError, UnicodeError, RecursionError) as error:
        raise Hangup(BAD, "the message is no JSON object") from error


def written(message: dict[str, Any]) -> str:
    """A message as a frame."""
    return msgspec.json.encode(message).decode()
