"""Sounds are written down: whole or as the text comes, in pieces where they are longer than the model takes."""

from collections.abc import AsyncGenerator, Callable, Sequence
from typing import Any

import msgspec

from genmux.flows.call.flow import CallFlow
from genmux.flows.call.legs import Leg
from genmux.flows.call.options import DEFAULT_OPTIONS, CallOptions
from genmux.flows.call.run import Run
from genmux.flows.call.sources import Begun, Whole
from genmux.flows.call.target import place
from genmux.flows.call.whole import transcript_of
from genmux.flows.voice.counting import heard_usage
from genmux.flows.voice.ports import AudioTools, Piece
from genmux.flows.voice.sums import cost_of_all, usage_of_all
from genmux.types.errors import ProviderError
from genmux.types.parts import ErrorPart, UsagePart
from genmux.types.transcription import (
    Transcript,
    TranscriptDelta,
    TranscriptDone,
    TranscriptionRequest,
    TranscriptPart,
    TranscriptSegment,
)
from genmux.types.usage import Usage

Heard = Callable[[float], object]
"""Is told how much of a sound is written down, as a part of 1."""


class Transcribing:
    """Lets sounds be written down. `tools` are fetched when they are first needed: they bring libraries with them."""

    def __init__(self, calls: CallFlow, tools: Callable[[], AudioTools]) -> None:
        self._calls = calls
        self._tools = tools

    async def transcribe(
        self,
        request: TranscriptionRequest,
        options: CallOptions = DEFAULT_OPTIONS,
        *,
        progress: Heard | None = None,
    ) -> Transcript:
        """All of the text. A sound that is longer than the model takes is cut where it is silent, a call for each piece.

        Raises ProviderError; what was written down before is in its notes then.
        """
        request = await self.measured(request)
        pieces = await self._pieces(request)
        if pieces is None:
            return await self._written(request, options)
        done: list[Transcript] = []
        whole = sum(one.seconds for one in pieces)
        for piece in pieces:
            try:
                done.append(await self._written(msgspec.structs.replace(request, audio=piece.audio), options))
            except ProviderError as error:
                error.add_note(f"{len(done)} of {len(pieces)} pieces were written down: {joined(pieces, done).text}")
                raise
            if progress is not None and whole:
                progress(min(1.0, (piece.start + piece.seconds) / whole))
        return joined(pieces, done)

    async def stream(
        self, request: TranscriptionRequest, options: CallOptions = DEFAULT_OPTIONS
    ) -> AsyncGenerator[TranscriptPart]:
        """The text as it comes, and all of it at the end. Raises ProviderError."""
        calls = self._calls
        request = await self.measured(request)
        if (pieces := await self._pieces(request)) is not None:
            return self._piecewise(request, options, pieces)

        async def go(run: Run, leg: Leg) -> Begun:
            """Ask there."""
            calls.check(run, request, leg.target)
            await calls.door.admit(run, request, leg.target)
            if leg.target.local:
                source = calls.local(request, run, leg)
                return Begun(source=source, parts=await source.read() or ())
            if not hasattr(leg.target.wire, "reader"):
                return Begun(source=Whole(await calls.ask(request, run, leg)))
            begun, _ = await calls.begin(request, run, leg)
            return begun

        run, begun = await calls.journeys.travel(request, "transcribe", options, go, discard=_close)
        return self._parts(request, run, begun)

    async def _piecewise(
        self, request: TranscriptionRequest, options: CallOptions, pieces: Sequence[Piece]
    ) -> AsyncGenerator[TranscriptPart]:
        """A long sound piece by piece: the text of each when it is written down."""
        done: list[Transcript] = []
        for piece in pieces:
            one = await self._written(msgspec.structs.replace(request, audio=piece.audio), options)
            told = one.text.strip()
            if told:
                yield TranscriptDelta(f" {told}" if any(before.text.strip() for before in done) else told)
            done.append(one)
            for segment in one.segments:
                yield TranscriptSegment(_later(segment, piece.start))
        yield TranscriptDone(joined(pieces, done))

    async def _parts(self, request: TranscriptionRequest, run: Run, begun: Begun) -> AsyncGenerator[TranscriptPart]:
        door, seen, seconds = self._calls.door, list[Any](), request.audio.seconds
        source: Any = begun.source
        settled = False
        try:
            batch: Sequence[Any] | None = list[Any](begun.parts) or await source.read()
            while batch is not None:
                for part in batch:
                    if isinstance(part, ErrorPart):
                        raise part.error
                    seen.append(part)
                    if not isinstance(part, TranscriptDone | UsagePart):
                        yield part
                batch = await source.read()
            told = transcript_of(seen)
            usage = heard_usage(_usage(seen, told), told.seconds or seconds)
            settled = True
            cost = door.complete(run, usage, attempts=max(run.sendings, 1), request_id=begun.request_id)
            yield TranscriptDone(self._of(run, told, usage, cost))
        except ProviderError as error:
            place(error, run.reached)
            if not settled:
                settled = True
                door.fail(run, error, usage=heard_usage(Usage(), seconds) if seen else None)
            raise
        finally:
            await source.aclose()
            if not settled:  # who asked has left: it is billed all the same
                door.complete(run, heard_usage(Usage(), seconds), attempts=max(run.sendings, 1))

    async def measured(self, request: TranscriptionRequest) -> TranscriptionRequest:
        """The request with how long its sound is, unless that is known. Raises InvalidRequestError for what is no sound."""
        audio = request.audio
        if audio.url is not None or (audio.seconds is not None and audio.size is not None):
            return request
        return msgspec.structs.replace(request, audio=await self._tools().measured(request.audio))

    async def _pieces(self, request: TranscriptionRequest) -> Sequence[Piece] | None:
        """Its parts; None where it is short enough as it is."""
        if self.fits(request):
            return None
        seconds, size = self._most(request)
        return await self._tools().pieces(request.audio, seconds=seconds, size=size)

    def fits(self, request: TranscriptionRequest) -> bool:
        """Whether a sound that was measured is short enough to be written down at once, and so as it comes."""
        audio, seconds, size = request.audio, *self._most(request)
        long = seconds is not None and audio.seconds is not None and audio.seconds > seconds
        large = size is not None and audio.size is not None and audio.size > size
        return audio.url is not None or not (long or large)

    def _most(self, request: TranscriptionRequest) -> tuple[float | None, int | None]:
        """Seconds and bytes that every model that may be asked takes at once."""
        models = self._calls.journeys.routes.members(request.model or None, "transcribe")
        seconds = [one.spec.limits.max_seconds for one in models]
        sizes = [one.spec.limits.max_bytes for one in models]
        return (
            min((one for one in seconds if one is not None), default=None),
            min((one for one in sizes if one is not None), default=None),
        )

    async def _written(self, request: TranscriptionRequest, options: CallOptions) -> Transcript:
        calls = self._calls

        async def go(run: Run, leg: Leg) -> Transcript:
            """Ask there."""
            calls.check(run, request, leg.target)
            await calls.door.admit(run, request, leg.target)
            result: Transcript = await calls.ask(request, run, leg)
            return result

        run, told = await calls.journeys.travel(request, "transcribe", options, go)
        usage = heard_usage(told.usage, told.seconds or request.audio.seconds)
        cost = calls.door.complete(run, usage, attempts=max(run.sendings, 1), request_id=told.request_id)
        return self._of(run, told, usage, cost)

    @staticmethod
    def _of(run: Run, told: Transcript, usage: Usage, cost: Any) -> Transcript:
        model = run.reached.model
        return msgspec.structs.replace(
            told,
            usage=usage,
            cost=cost,
            provider=model.provider,
            model=model.id,
            warnings=run.warnings + told.warnings,
            attempts=max(run.sendings, 1),
            account=run.account,
            route=run.route,
            steps=run.steps,
        )


def joined(pieces: Sequence[Piece], done: Sequence[Transcript]) -> Transcript:
    """Transcripts of the parts of a sound as one of the whole. Speakers are told apart within a part only."""
    if not done:
        return Transcript(text="")
    segments, words = list[Any](), list[Any]()
    for piece, one in zip(pieces, done, strict=False):
        segments += [_later(segment, piece.start) for segment in one.segments]
        words += [_later(word, piece.start) for word in one.words]
    return msgspec.structs.replace(
        done[0],
        text=" ".join(one.text.strip() for one in done if one.text.strip()),
        seconds=sum(one.seconds for one in pieces[: len(done)]),
        segments=tuple(segments),
        words=tuple(words),
        usage=usage_of_all([one.usage for one in done]),
        cost=cost_of_all([one.cost for one in done]),
        attempts=sum(one.attempts for one in done),
    )


def _later(one: Any, start: float) -> Any:
    return msgspec.structs.replace(one, start=one.start + start, end=one.end + start)


def _usage(seen: Sequence[Any], told: Transcript) -> Usage:
    last = [part.usage for part in seen if isinstance(part, UsagePart)]
    return last[-1] if last else told.usage


async def _close(begun: Begun) -> None:
    await begun.source.aclose()
