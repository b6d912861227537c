"""Texts that are spoken while they are being written: over a socket where the model can, else sentence by sentence."""

from collections.abc import AsyncIterable, AsyncIterator, Callable, Iterable
from decimal import Decimal
from typing import Any, Protocol

import msgspec

from genmux.contract.asked import heeded, voice_of
from genmux.contract.saying import live_capabilities
from genmux.flows.call.flow import CallFlow
from genmux.flows.call.legs import Leg
from genmux.flows.call.options import CallOptions
from genmux.flows.call.run import Run
from genmux.flows.call.sources import Begun
from genmux.flows.voice.formats import USUAL
from genmux.flows.voice.live_source import LiveSource
from genmux.flows.voice.ports import AudioTools
from genmux.flows.voice.sentence_source import SentenceSource
from genmux.flows.voice.speech_stream import SpeechStream
from genmux.flows.voice.spoken_money import whole_steps
from genmux.types.audio import SAMPLE_BYTES, AudioFormat
from genmux.types.errors import InvalidRequestError
from genmux.types.realtime import SessionConfig
from genmux.types.speech import SpeechRequest
from genmux.types.warning import Warning  # noqa: A004 — see genmux.types.warning

TELEPHONE = 8_000


class Streams(Protocol):
    """Speaks a text that is complete, as it comes."""

    async def __call__(self, request: SpeechRequest, options: CallOptions, *, keep: bool) -> SpeechStream:
        """Begin. Raises ProviderError."""
        ...


async def texts_of(texts: AsyncIterable[Any]) -> AsyncIterator[str]:
    """The texts from the first one that is not blank on, which begins with what was before. Raises InvalidRequestError for what is none."""
    blank: str | None = ""
    async for one in texts:
        if not isinstance(one, str):
            raise InvalidRequestError(
                f"`text` gave {one!r:.100}; a text that is being written gives texts", param="text"
            )
        if blank is not None and not (blank + one).strip():
            blank += one
            continue
        yield one if blank is None else blank + one
        blank = None


def goes_live(calls: CallFlow, request: SpeechRequest) -> bool:
    """Whether every model that may be asked speaks what is being written, and nothing is wished for that sockets have no words for."""
    if request.timestamps or request.instructions is not None or request.seed is not None or request.extra:
        return False
    models = calls.journeys.routes.members(request.model or None, "text_to_speech")
    wires = ((calls.targets.wire(one, "text_to_speech"), one) for one in models)
    return all(live_capabilities(wire, model) is not None for wire, model in wires)


async def by_socket(
    calls: CallFlow,
    request: SpeechRequest,
    texts: AsyncIterator[str],
    options: CallOptions,
    tools: Callable[[], AudioTools],
) -> SpeechStream:
    """Speech over a socket; returns when that is open. Raises ProviderError."""
    first = await anext(texts, "")
    asked, wanted = msgspec.structs.replace(request, text=first), request.format or USUAL

    async def go(run: Run, leg: Leg) -> tuple[LiveSource, tuple[Warning, ...]]:
        """Dial there."""
        target = leg.target
        calls.check(run, asked, target)
        await calls.door.admit(run, asked, target)
        covered = len(first)

        async def cover(characters: int) -> None:
            """Check so many characters, and hold their money in whole steps."""
            nonlocal covered
            calls.check_budget(run, _so_long(asked, characters), target)
            if characters > covered:
                covered = whole_steps(characters)
                await calls.door.admit(run, _so_long(asked, covered), target)

        known, unheeded = heeded(asked, target.model, ("speed", "language"))
        _, usual = voice_of(asked, target.model)
        output = _output(wanted, request.sample_rate)
        config = SessionConfig(voice=request.voice, output=output, params=request.params, **known)
        codec = target.wire.saying(config, msgspec.structs.replace(target.model, base_url=target.base_url))
        socket = await calls.engine.dial(
            target.provider, target.credential, codec.connect(), base_url=target.base_url, model=target.model.id
        )
        source = LiveSource(
            codec, socket, target, _again(first, texts), cover=cover, left=run.leave, within=leg.timeout
        )
        return source, usual + unheeded

    run, (source, warnings) = await calls.journeys.travel(asked, "text_to_speech", options, go, discard=_close)
    return SpeechStream(
        Begun(source=source),
        run,
        calls.door,
        asked,
        wanted=wanted,
        tools=tools(),
        warnings=run.warnings + warnings,
        characters=lambda: source.characters,
    )


async def by_pieces(
    stream: Streams,
    request: SpeechRequest,
    pieces: AsyncIterator[str],
    options: CallOptions,
    tools: Callable[[], AudioTools],
    *,
    keep: bool = True,
) -> SpeechStream:
    """Speech in pieces, a call each; returns when the first has begun. Raises ProviderError."""

    async def speak(text: str, rate: int | None, spent: Decimal) -> SpeechStream:
        """Speak one, for what is left of the limit."""
        limit = options.budget_limit
        left = options if limit is None else msgspec.structs.replace(options, budget_limit=limit - spent)
        asked = msgspec.structs.replace(request, text=text, format="pcm", sample_rate=rate or request.sample_rate)
        return await stream(asked, left, keep=False)

    first = await speak(await anext(pieces, ""), None, Decimal(0))
    source = SentenceSource(first, pieces, speak, tools())
    return SpeechStream(
        Begun(source=source, request_id=first.request_id),
        first.run,
        source,
        request,
        wanted=request.format or USUAL,
        tools=tools(),
        warnings=(),
        characters=lambda: source.characters,
        keep=keep,
    )


async def given(pieces: Iterable[str]) -> AsyncIterator[str]:
    """Pieces that are there already."""
    for one in pieces:
        yield one


async def _again(first: str, rest: AsyncIterator[str]) -> AsyncIterator[str]:
    """The text with its first piece."""
    if first:
        yield first
    async for one in rest:
        yield one


def _so_long(request: SpeechRequest, characters: int) -> SpeechRequest:
    return msgspec.structs.replace(request, text="x" * characters)


def _output(wanted: str, sample_rate: int | None) -> AudioFormat:
    """What to ask a socket for: samples, of which anything else is made here."""
    if wanted in SAMPLE_BYTES and wanted != "pcm":
        return msgspec.convert({"encoding": wanted, "sample_rate": TELEPHONE}, AudioFormat)
    return AudioFormat(sample_rate=sample_rate or AudioFormat().sample_rate)


async def _close(answer: tuple[LiveSource, Any]) -> None:
    await answer[0].aclose()
