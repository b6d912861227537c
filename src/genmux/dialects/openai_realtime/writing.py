"""Our events, as frames for a caller: with the ids and in the order that official clients expect."""

import binascii
from collections.abc import Iterator

import msgspec

from genmux.contract.beside import BESIDE
from genmux.dialects.openai_realtime.accept import Accepting
from genmux.dialects.openai_realtime.schema import Form
from genmux.dialects.openai_realtime.shapes import (
    Fields,
    Given,
    Part,
    Shown,
    item_object,
    part_object,
    response_object,
    session_object,
)

BETA_NAMES: dict[str, str | None] = {
    "response.output_audio.delta": "response.audio.delta",
    "response.output_audio.done": "response.audio.done",
    "response.output_text.delta": "response.text.delta",
    "response.output_text.done": "response.text.done",
    "response.output_audio_transcript.delta": "response.audio_transcript.delta",
    "response.output_audio_transcript.done": "response.audio_transcript.done",
    "conversation.item.added": "conversation.item.created",
    "conversation.item.done": None,
}
"""What was called otherwise before; None is what there was not."""

REMEMBERED = 64
"""So many items are known after their answer has ended, for what comes late of them."""


class Writing:
    """What the caller has been told. What an event presupposes and was not told is told before it."""

    def __init__(self, accepting: Accepting, form: Form) -> None:
        self.accepting = accepting
        self.form: Form = form
        self.session = "sess_1"
        self.model = ""
        self.speaking = False
        self.about: Fields = {}
        self.items: dict[str, Shown] = {}
        self._responses: dict[str, Given] = {}
        self._over: dict[str, None] = {}
        self._number = 0

    def frame(self, kind: str, **fields: object) -> Iterator[str]:
        """One message; none where the caller's form has none of this kind."""
        name = BETA_NAMES.get(kind, kind) if self.form == "beta" else kind
        if name is not None:
            yield msgspec.json.encode({"type": name, "event_id": self._next(), **fields}).decode()

    def session_frame(self, kind: str) -> Iterator[str]:
        """A message with the whole session."""
        told = session_object(self.accepting.config, self.form, session=self.session, model=self.model)
        return self.frame(kind, session=told, **({BESIDE: self.about} if self.about else {}))

    def start(self, response_id: str) -> Iterator[str]:
        """An answer begins, unless it has."""
        if response_id in self._responses or response_id in self._over:
            return
        self.speaking = False
        metadata = self.accepting.metadata.pop(0) if self.accepting.metadata else None
        given = self._responses[response_id] = Given(id=response_id, metadata=metadata)
        yield from self.frame("response.created", response=self._response(given))

    def add(self, item: Shown) -> Iterator[str]:
        """Something is in the conversation, unless it is; where it belongs to an answer, that has it, too."""
        if item.id in self.items:
            return
        if item.response_id is not None:
            yield from self.start(item.response_id)
            given = self._responses.get(item.response_id)
            if given is not None:
                item.output_index = len(given.items)
                given.items.append(item)
        previous = item.previous or self.accepting.last_item
        item.previous = previous
        self.items[item.id] = item
        self.accepting.last_item = item.id
        if item.response_id is None:
            self._remember(item.id)
        status = "completed" if item.response_id is None else "in_progress"
        told = item_object(item, self.form, status)
        if item.response_id is not None:
            yield from self.frame(
                "response.output_item.added", response_id=item.response_id, output_index=item.output_index, item=told
            )
        yield from self.frame("conversation.item.added", previous_item_id=previous, item=told)

    def open_part(self, item_id: str, response_id: str, index: int, kind: str) -> Iterator[str]:
        """A part of a message begins, unless it has."""
        if item_id not in self.items:
            yield from self.add(Shown(id=item_id, role="assistant", response_id=response_id))
        item = self.items[item_id]
        if index in item.parts or item.done:
            return
        part = item.parts[index] = Part(kind=kind, index=index)
        yield from self.frame("response.content_part.added", **self.place(item, index), part=part_object(part))

    def place(self, item: Shown, index: int) -> Fields:
        """Where something stands."""
        return {
            "response_id": item.response_id or "",
            "item_id": item.id,
            "output_index": item.output_index,
            "content_index": index,
        }

    def sound(self, item: Shown, index: int, data: bytes) -> str:
        """More sound, written without a detour: nothing in it needs escaping, and all but the sound is as before."""
        head = item.heads.get(index)
        if head is None:
            name = "response.audio.delta" if self.form == "beta" else "response.output_audio.delta"
            place = msgspec.json.encode(self.place(item, index)).decode()
            head = item.heads[index] = f'{{"type":"{name}",{place[1:-1]},"event_id":"event_'
        self._number += 1
        return f'{head}{self._number}","delta":"{binascii.b2a_base64(data, newline=False).decode("ascii")}"}}'

    def finish(self, item: Shown, status: str = "completed") -> Iterator[str]:
        """An item is complete: so are its parts."""
        if item.done:
            return
        item.done = True
        for part in item.parts.values():
            yield from self._close(item, part)
        told = item_object(item, self.form, status)
        yield from self.frame("conversation.item.done", previous_item_id=item.previous, item=told)
        if item.response_id is not None:
            place = {"response_id": item.response_id, "output_index": item.output_index}
            yield from self.frame("response.output_item.done", **place, item=told)

    def end(
        self, response_id: str, status: str, *, details: Fields | None, usage: Fields | None, about: Fields
    ) -> Iterator[str]:
        """An answer has ended: so have its items."""
        yield from self.start(response_id)
        given = self._responses.pop(response_id, None)
        if given is None:
            return
        ending = "completed" if status == "completed" else "incomplete"
        for item in given.items:
            yield from self.finish(item, ending)
            self._remember(item.id)
        self._remember(response_id)
        output = [item_object(item, self.form, ending) for item in given.items]
        told = self._response(given) | {"status": status, "status_details": details, "output": output, "usage": usage}
        yield from self.frame("response.done", response=told, **({BESIDE: about} if about else {}))

    def _close(self, item: Shown, part: Part) -> Iterator[str]:
        place = self.place(item, part.index)
        if part.kind == "audio":
            if part.heard and not part.audio_done:
                yield from self.frame("response.output_audio.done", **place)
            if part.words and not part.words_done:
                yield from self.frame("response.output_audio_transcript.done", **place, transcript=part.words)
        elif not part.words_done:
            yield from self.frame("response.output_text.done", **place, text=part.words)
        yield from self.frame("response.content_part.done", **place, part=part_object(part))

    def _response(self, given: Given) -> Fields:
        conversation = f"conv_{self.session.removeprefix('sess_')}"
        return response_object(given, self.accepting.config, self.form, conversation=conversation)

    def _remember(self, name: str) -> None:
        """What is over is kept for a while."""
        self._over[name] = None
        while len(self._over) > REMEMBERED:
            oldest = next(iter(self._over))
            del self._over[oldest]
            self.items.pop(oldest, None)

    def _next(self) -> str:
        self._number += 1
        return f"event_{self._number}"
