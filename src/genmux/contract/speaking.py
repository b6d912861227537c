"""Speech whose reply is nothing but sound: whole, or piece by piece as the bytes come."""

import base64
import binascii
from collections.abc import Iterable, Sequence

from genmux.contract.http import HttpReply, WireEvent, malformed
from genmux.types.audio import AudioFormat
from genmux.types.speech import SpeechDelta, SpeechPart, SpeechResult, SpeechStart, SpokenWord
from genmux.types.usage import Usage

_NO_SOUND = ("application/json", "text/")
"""Media types of replies that speak of something, where sound was expected."""


def sound_of(reply: HttpReply, made: AudioFormat, *, request_id: str | None = None) -> SpeechResult:
    """A reply that is sound. Raises ProviderError(malformed_reply) for one that is empty, or that is text."""
    media_type = reply.headers.get("content-type", "").lower()
    if media_type.startswith(_NO_SOUND):
        message = f"the reply is {media_type.partition(';')[0]} where sound was expected"
        raise malformed(message, status=reply.status)
    return spoken(reply.body, made, status=reply.status, request_id=request_id)


def spoken(
    audio: bytes,
    made: AudioFormat,
    *,
    words: Sequence[SpokenWord] = (),
    usage: Usage | None = None,
    status: int | None = None,
    request_id: str | None = None,
) -> SpeechResult:
    """All of the sound as a result. Raises ProviderError(malformed_reply) where there is none."""
    if not audio:
        raise malformed("the reply holds no sound", status=status)
    return SpeechResult(
        audio=audio,
        format=made,
        seconds=made.ms(len(audio)) / 1_000 if made.is_raw else None,
        words=tuple(words),
        usage=usage or Usage(),
        request_id=request_id,
    )


def decoded(text: str) -> bytes:
    """Sound in base64 as bytes. Raises ProviderError(malformed_reply)."""
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise malformed(f"the sound is no base64: {error}") from error


class SoundReader:
    """Reads a stream of nothing but sound."""

    def __init__(self, made: AudioFormat) -> None:
        self._made = made
        self._begun = False

    def feed(self, event: WireEvent) -> Iterable[SpeechPart]:
        """A piece of sound. Raises ProviderError(malformed_reply) for a page or a document in its place."""
        if not event.data:
            return
        if not self._begun:
            if _is_text(event.data):
                raise malformed("the stream is text where sound was expected")
            self._begun = True
            yield SpeechStart(format=self._made)
        yield SpeechDelta(event.data)

    def close(self) -> Iterable[SpeechPart]:
        """The stream has ended. Raises ProviderError(malformed_reply) where there was no sound."""
        if not self._begun:
            raise malformed("the stream ended without a sound")
        return ()


def _is_text(data: bytes) -> bool:
    """Whether it begins as a page or a document does; so many readable letters in a row are no samples."""
    head = data[:32]
    return len(head) >= 16 and head[:1] in {b"<", b"{"} and head.isascii() and head.decode().isprintable()


def rate_of(wanted: int | None, rates: Sequence[int], usual: int) -> int:
    """The rate in Hz to ask for: the wanted one, else the next higher that there is, else the highest; `usual` for None."""
    if wanted is None:
        return usual
    return min((rate for rate in rates if rate >= wanted), default=max(rates))
