"""From the chunks of a stream to parts."""

from collections.abc import Iterable
from typing import Any

import msgspec

from genmux.contract.error_map import stream_error
from genmux.contract.http import WireEvent, malformed
from genmux.dialects.openai_chat.choice_reader import ChoiceReader, Numbers, changed, says_more
from genmux.dialects.openai_chat.decode import is_error
from genmux.dialects.openai_chat.fields import take
from genmux.dialects.openai_chat.schema import DONE, NAME, OBJECT, PADDING
from genmux.dialects.openai_chat.usage import read_usage
from genmux.types.content import Fields
from genmux.types.errors import ErrorKind, ProviderError, Retry
from genmux.types.parts import ExtraPart, Part, Start, UsagePart

_OPENAIS, _MISTRALS = PADDING


def _read(data: bytes) -> Fields:
    try:
        return OBJECT.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise malformed(f"a chunk of the stream is not a JSON object: {error}") from error


class StreamReader:
    """Reads one stream.

    What says only how the chunk before did but for its delta is read the quick way: `_envelope` is all of the last
    chunk but its choices and padding, and each choice keeps the like. Blocks and choices end when the stream does,
    because some hosts repeat the finish reason, or say more after it.
    """

    def __init__(self, origin: str | None = None) -> None:
        self._origin = origin
        self._numbers = Numbers()
        self._choices: dict[int, ChoiceReader] = {}
        self._envelope: Fields | None = None
        self._start = Start(dialect=NAME)
        self._started = False
        self._said: Fields = {}
        self._held: Fields = {}
        self._usage: Fields | None = None
        self._complete = False
        self._ended = False

    def feed(self, event: WireEvent) -> Iterable[Part]:
        """Read one event. Raises ProviderError."""
        data = event.data
        if data[:1] != b"{" and (data.startswith(DONE) or not data.strip()):
            return self._pause(data)
        if self._ended:
            return ()
        chunk = _read(data)
        choices = chunk.pop("choices", None)
        chunk.pop(_OPENAIS, None)
        chunk.pop(_MISTRALS, None)
        parts: list[Part] = []
        if chunk != self._envelope or event.event is not None:
            if event.event == "error" or is_error(chunk):
                raise stream_error(chunk)
            self._read_envelope(chunk, choices, parts)
        if self._complete and says_more(choices):
            self._complete = False  # the usage came early
        if type(choices) is list:
            for position, choice in enumerate(choices):
                if type(choice) is dict:
                    index = choice.pop("index", None)
                    number = index if type(index) is int else position
                    reader = self._choices.get(number)
                    if reader is None:
                        reader = self._choices[number] = ChoiceReader(number, self._numbers, self._origin)
                    reader.read(choice, parts)
        return parts

    def close(self) -> Iterable[Part]:
        """The stream has ended. Raises ProviderError(network) when that was too early."""
        if self._ended:
            return ()
        finished = bool(self._choices) and all(choice.finished for choice in self._choices.values())
        if not (self._complete or finished):
            message = "the stream ended before the answer was complete: no finish reason, no usage, no [DONE]"
            raise ProviderError(message, kind=ErrorKind.NETWORK, retry=Retry.UNSURE)
        return self._end()

    def _pause(self, data: bytes) -> Iterable[Part]:
        """An event that says nothing, or that the stream is complete."""
        if self._ended or not data.startswith(DONE):
            return ()
        self._complete = True
        return self._end()

    def _read_envelope(self, chunk: Fields, choices: Any, parts: list[Part]) -> None:
        self._envelope = chunk
        rest = dict(chunk)
        usage = take(rest, "usage", dict)
        self._read_start(rest, parts, now=bool(choices))
        news = changed(rest, self._said)
        if news and self._started:
            parts.append(ExtraPart(news))
        elif news:
            self._held.update(news)
        if usage is None and self._usage is None and isinstance(groq := rest.get("x_groq"), dict):
            usage = take(dict(groq), "usage", dict)  # where Groq told it before it had `stream_options`
        if usage is not None and not choices and self._choices:
            self._complete = True
        if usage is not None and usage != self._usage:
            self._usage = usage
            parts.append(UsagePart(read_usage(usage, self._said)))

    def _read_start(self, rest: Fields, parts: list[Part], *, now: bool) -> None:
        """Azure opens with a chunk that has neither id nor choices: the beginning waits for the next one."""
        rest.pop("object", None)
        identifier, model = take(rest, "id", str) or None, take(rest, "model", str) or None
        created = take(rest, "created", int)
        if self._started:
            return
        self._start = Start(
            id=identifier or self._start.id,
            model=model or self._start.model,
            created=created or self._start.created,
            dialect=NAME,
        )
        if identifier is not None or now:
            self._begin(parts)

    def _begin(self, parts: list[Part]) -> None:
        self._started = True
        parts.append(self._start)
        if self._held:
            parts.append(ExtraPart(self._held))

    def _end(self) -> list[Part]:
        self._ended = True
        parts: list[Part] = []
        if not self._started:
            self._begin(parts)
        readers = [self._choices[number] for number in sorted(self._choices)]
        for reader in readers:
            reader.end(parts)
        for reader in readers:
            reader.finish(parts)
        return parts
