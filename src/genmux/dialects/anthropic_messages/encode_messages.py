"""The conversation as the API wants it: the system prompt apart, then turns of user and assistant."""

from typing import Any

from genmux.dialects.anthropic_messages.blocks_write import Place, write_block
from genmux.dialects.anthropic_messages.notes import Notes
from genmux.dialects.anthropic_messages.profile import Profile
from genmux.dialects.anthropic_messages.schema import NAME
from genmux.types.chat import ChatRequest, Message
from genmux.types.content import Fields, Text

Blocks = list[Fields]
Written = str | Blocks
"""The content of a turn: one plain text may stand alone."""

_ROLES = {"user": "user", "tool": "user", "assistant": "assistant"}


class Turns:
    """Collects system prompt and turns. A request of this dialect keeps its turns as they are; others are tidied."""

    def __init__(self, request: ChatRequest, origin: str, profile: Profile, notes: Notes) -> None:
        self.system: list[Written] = []
        self.messages: list[Fields] = []
        self._faithful = request.dialect == NAME
        self._origin = origin
        self._profile = profile
        self._notes = notes
        self._last_is_kept = False

    def add(self, message: Message, position: int) -> None:
        """Add one message of the conversation."""
        place = Place(f"messages.{position}", message.dialect, self._origin, self._notes)
        kept = self._faithful and message.dialect == NAME
        if message.name is not None:
            self._notes.unsupported(f"messages.{position}.name", "the API has no names of speakers")
        role = _ROLES.get(message.role)
        if role is None:
            self._add_system(message, place, kept=kept)
            return
        content = self._write(message, place, kept=kept)
        if not content and not kept:
            self._notes.unsupported(place.field, f"a turn of the {role} with nothing to say is left out")
            return
        own = self._notes.own(message.extra, message.dialect) or {}
        last = self.messages[-1] if self.messages else None
        if last is not None and last["role"] == role and not own and not (kept and self._last_is_kept):
            last["content"] = _merged(_as_blocks(last["content"]), _as_blocks(content))
        else:
            self.messages.append({"role": role, "content": content, **own})
        self._last_is_kept = kept

    def prompt(self) -> Written | None:
        """The system prompt."""
        match self.system:
            case []:
                return None
            case [single]:
                return single
            case many:
                return [block for part in many for block in _as_blocks(part)]

    def _add_system(self, message: Message, place: Place, *, kept: bool) -> None:
        content = self._write(message, place, kept=kept)
        own = self._notes.own(message.extra, message.dialect) or {}
        if self.messages and (kept or self._profile.system_turns):
            self.messages.append({"role": "system", "content": content, **own})
            self._last_is_kept = kept
            return
        if self.messages:
            self._notes.add("emulated", place.field, "instructions in mid-conversation are added to the system prompt")
        if content or (kept and message.content):
            self.system.append(content)

    def _write(self, message: Message, place: Place, *, kept: bool) -> Written:
        match message.content:
            case (Text(text=text, cache=None, extra=None),):
                return text
            case content:
                blocks = (
                    write_block(
                        block, Place(f"{place.field}.content.{position}", place.dialect, place.origin, place.notes)
                    )
                    for position, block in enumerate(content)
                    if kept or not _is_empty(block)
                )
                return [block for block in blocks if block is not None]


def _is_empty(block: Any) -> bool:
    """The API refuses empty texts, which other dialects use to say nothing."""
    return isinstance(block, Text) and not block.text


def _as_blocks(content: Written) -> Blocks:
    return [{"type": "text", "text": content}] if isinstance(content, str) else content


def _merged(first: Blocks, second: Blocks) -> Blocks:
    """Two turns of the same speaker as one. Results of tools have to come first."""
    blocks = [*first, *second]
    return sorted(blocks, key=lambda block: block["type"] != "tool_result")
