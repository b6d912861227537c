"""Texts are spoken: whole or as the sound comes, in the format that is wished for, however long they are."""

from collections.abc import AsyncIterable, Callable, Sequence
from functools import reduce
from typing import Any

import msgspec

from genmux.flows.call.flow import CallFlow
from genmux.flows.call.legs import Leg
from genmux.flows.call.options import DEFAULT_OPTIONS, CallOptions
from genmux.flows.call.run import Run
from genmux.flows.call.sources import Begun, Whole
from genmux.flows.voice.counting import spoken_usage
from genmux.flows.voice.formats import USUAL, asked_format, target_of
from genmux.flows.voice.ports import AudioTools
from genmux.flows.voice.sentence_source import sentences_of
from genmux.flows.voice.sentences import pieces_of
from genmux.flows.voice.speech_stream import SpeechStream
from genmux.flows.voice.sums import cost_of_all, usage_of_all
from genmux.flows.voice.written import by_pieces, by_socket, given, goes_live, texts_of
from genmux.types.audio import AudioEncoding
from genmux.types.speech import SpeechRequest, SpeechResult
from genmux.types.warning import Warning  # noqa: A004 — see genmux.types.warning


class Speaking:
    """Lets texts be spoken. `tools` are fetched when they are first needed: they bring libraries with them."""

    def __init__(self, calls: CallFlow, tools: Callable[[], AudioTools]) -> None:
        self._calls = calls
        self._tools = tools

    async def speak(self, request: SpeechRequest, options: CallOptions = DEFAULT_OPTIONS) -> SpeechResult:
        """All of the sound. A text that is longer than the model takes is spoken in pieces, a call each. Raises ProviderError."""
        most = self._most(request)
        if most is None or len(request.text) <= most:
            return await self._spoken(request, options, request.format or USUAL)
        made = [
            await self._spoken(msgspec.structs.replace(request, text=text, format="pcm"), options, "pcm")
            for text in pieces_of(request.text, most)
        ]
        return await self._joined(request, made)

    async def stream(
        self, request: SpeechRequest, options: CallOptions = DEFAULT_OPTIONS, *, keep: bool = True
    ) -> SpeechStream:
        """The sound as it comes; returns when it has begun. A text that is longer than the model takes is spoken in pieces, a call each.

        With `keep` its `result()` has all of the sound at the end. Raises ProviderError.
        """
        calls, most = self._calls, self._most(request)
        if most is not None and len(request.text) > most:
            pieces = given(pieces_of(request.text, most))
            return await by_pieces(self.stream, request, pieces, options, self._tools, keep=keep)

        async def go(run: Run, leg: Leg) -> tuple[Begun, tuple[Warning, ...], AudioEncoding]:
            """Ask there."""
            asked, wanted = asked_format(request, leg.target.model)
            calls.check(run, asked, leg.target)
            await calls.door.admit(run, asked, leg.target)
            if leg.target.local:
                source = calls.local(asked, run, leg)
                return Begun(source=source, parts=await source.read() or ()), (), wanted
            if not hasattr(leg.target.wire, "reader"):
                return Begun(source=Whole(await calls.ask(asked, run, leg))), (), wanted
            begun, warnings = await calls.begin(asked, run, leg)
            return begun, warnings, wanted

        run, (begun, warnings, wanted) = await calls.journeys.travel(
            request, "text_to_speech", options, go, discard=_close
        )
        return SpeechStream(
            begun,
            run,
            calls.door,
            request,
            wanted=wanted,
            tools=self._tools(),
            warnings=run.warnings + warnings,
            keep=keep,
        )

    async def stream_written(
        self, request: SpeechRequest, texts: AsyncIterable[str], options: CallOptions = DEFAULT_OPTIONS
    ) -> SpeechStream:
        """The sound of a text that is still being written, as it comes; the text of the request does not matter.

        It goes in as it comes where every model that may be asked can take it so, else it is spoken sentence by sentence, a call
        each. Returns when the speech has begun, or the socket is open. Raises ProviderError, and what `texts` raises.
        """
        written = texts_of(texts)
        if goes_live(self._calls, request):
            return await by_socket(self._calls, request, written, options, self._tools)
        sentences = sentences_of(written, self._most(request))
        return await by_pieces(self.stream, request, sentences, options, self._tools)

    def _most(self, request: SpeechRequest) -> int | None:
        """Characters that every model that may be asked takes at once."""
        models = self._calls.journeys.routes.members(request.model or None, "text_to_speech")
        limits = [one.spec.limits.max_characters for one in models]
        return min((one for one in limits if one is not None), default=None)

    async def _spoken(self, request: SpeechRequest, options: CallOptions, wanted: AudioEncoding) -> SpeechResult:
        calls = self._calls

        async def go(run: Run, leg: Leg) -> SpeechResult:
            """Ask there."""
            asked, _ = asked_format(request, leg.target.model, usual=wanted)
            calls.check(run, asked, leg.target)
            await calls.door.admit(run, asked, leg.target)
            result: SpeechResult = await calls.ask(asked, run, leg)
            return result

        run, result = await calls.journeys.travel(request, "text_to_speech", options, go)
        made = result.format
        seconds = result.seconds or (made.ms(len(result.audio)) / 1_000 if made.is_raw else None)
        usage = spoken_usage(result.usage, len(request.text), seconds)
        attempts = max(run.sendings, 1)
        cost = calls.door.complete(run, usage, attempts=attempts, request_id=result.request_id)
        target = target_of(made, wanted, request.sample_rate)
        audio = result.audio if target == made else await self._tools().convert(result.audio, made, target)
        return msgspec.structs.replace(
            result,
            audio=audio,
            format=target,
            seconds=seconds,
            usage=usage,
            cost=cost,
            provider=run.reached.model.provider,
            model=run.reached.model.id,
            warnings=run.warnings + result.warnings,
            attempts=attempts,
            account=run.account,
            route=run.route,
            steps=run.steps,
        )

    async def _joined(self, request: SpeechRequest, made: Sequence[SpeechResult]) -> SpeechResult:
        """Pieces as one; where each begins, the words of it begin."""
        tools, first = self._tools(), made[0]
        source = first.format
        sound = await tools.join([one.audio for one in made], source)
        target = target_of(source, request.format or USUAL, request.sample_rate)
        words, start = [], 0.0
        for one in made:
            words += [
                msgspec.structs.replace(word, start=word.start + start, end=word.end + start) for word in one.words
            ]
            start += one.seconds or 0.0
        return msgspec.structs.replace(
            first,
            audio=sound if target == source else await tools.convert(sound, source, target),
            format=target,
            seconds=start,
            words=tuple(words),
            usage=usage_of_all([one.usage for one in made]),
            cost=cost_of_all([one.cost for one in made]),
            warnings=reduce(_merged, (one.warnings for one in made), ()),
            attempts=sum(one.attempts for one in made),
        )


def _merged(known: tuple[Warning, ...], more: tuple[Warning, ...]) -> tuple[Warning, ...]:
    return (*known, *(one for one in more if one not in known))


async def _close(answer: tuple[Begun, Any, Any]) -> None:
    await answer[0].source.aclose()
