"""What a provider says about items of the conversation."""

from collections.abc import Iterable
from typing import Any

import msgspec

from genmux.dialects.openai_realtime.heard_session import Heard
from genmux.dialects.openai_realtime.memory import Memory
from genmux.types.realtime_events import (
    ItemAdded,
    ItemDeleted,
    ItemDone,
    ItemTruncated,
    RealtimeEvent,
    ToolCallsCancelled,
)


class Content(msgspec.Struct):
    """A part of a message."""

    type: str | None = None
    text: str | None = None
    transcript: str | None = None


class Item(msgspec.Struct, kw_only=True):
    """Something in the conversation."""

    id: str | None = None
    type: str | None = None
    role: str | None = None
    status: str | None = None
    content: list[Content] | None = None
    name: str | None = None
    call_id: str | None = None
    output: Any = None

    @property
    def speaker(self) -> str | None:
        """Who said a message; xAI names roles of calls, too, and not always the same."""
        return self.role if self.type == "message" else None

    @property
    def words(self) -> str | None:
        """What it says in writing."""
        if isinstance(self.output, str):
            return self.output
        return "".join(part.text or part.transcript or "" for part in self.content or ()) or None

    def added(self, memory: Memory, previous: str | None, response_id: str | None) -> ItemAdded:
        """The event for it."""
        if self.call_id and self.name:
            memory.tools[self.call_id] = self.name
        return ItemAdded(
            item_id=self.id,
            response_id=response_id,
            role=self.speaker,
            kind=self.type,
            previous_item_id=previous,
            text=self.words,
            call_id=self.call_id,
            name=self.name,
        )

    def finished(self, response_id: str | None) -> ItemDone:
        """The event for its end."""
        return ItemDone(item_id=self.id, response_id=response_id, role=self.speaker, kind=self.type)


class Added(Heard, tag="conversation.item.added"):
    """Something is in the conversation."""

    item: Item
    previous_item_id: str | None = None

    def events(self, memory: Memory) -> Iterable[RealtimeEvent]:
        """What it says."""
        return (self.item.added(memory, self.previous_item_id, memory.owners.get(self.item.id or "")),)


class OnceCreated(Added, tag="conversation.item.created"):
    """The same before."""


class Done(Heard, tag="conversation.item.done"):
    """Something in the conversation is complete."""

    item: Item

    def events(self, memory: Memory) -> Iterable[RealtimeEvent]:
        """What it says."""
        owner = memory.owners.get(self.item.id or "")
        if owner is not None:
            memory.done.add(self.item.id or "")
        return (self.item.finished(owner),)


class OutputAdded(Heard, tag="response.output_item.added"):
    """Something is in an answer; that it is in the conversation is told apart, unless the answer is outside of it."""

    item: Item
    response_id: str | None = None

    def events(self, memory: Memory) -> Iterable[RealtimeEvent]:
        """What it says."""
        if self.item.id and self.response_id:
            memory.owners[self.item.id] = self.response_id
        return (self.item.added(memory, None, self.response_id),) if self.response_id in memory.loose else ()


class OutputDone(Heard, tag="response.output_item.done"):
    """Something in an answer is complete. A tool call that is not complete must not be carried out."""

    item: Item
    response_id: str | None = None

    def events(self, memory: Memory) -> Iterable[RealtimeEvent]:
        """What it says."""
        item = self.item
        if item.type == "function_call" and item.call_id and item.status not in {None, "completed"}:
            yield ToolCallsCancelled(item_id=item.id, response_id=self.response_id, call_ids=(item.call_id,))
        if item.id not in memory.done:
            yield item.finished(self.response_id)


class Deleted(Heard, tag="conversation.item.deleted"):
    """Something is out of the conversation."""

    item_id: str | None = None

    def events(self, memory: Memory) -> Iterable[RealtimeEvent]:
        """What it says."""
        del memory
        return (ItemDeleted(item_id=self.item_id),)


class Truncated(Heard, tag="conversation.item.truncated"):
    """Of what the model said, the rest counts as not said."""

    item_id: str | None = None
    audio_end_ms: int = 0
    content_index: int = 0

    def events(self, memory: Memory) -> Iterable[RealtimeEvent]:
        """What it says."""
        del memory
        return (ItemTruncated(item_id=self.item_id, audio_ms=self.audio_end_ms, content_index=self.content_index),)


ItemMessage = Added | OnceCreated | Done | OutputAdded | OutputDone | Deleted | Truncated
"""All of these."""
