"""What is sent to a Live API, and what it does not confirm."""

from typing import Any, NoReturn

import msgspec

from genmux.contract.sessions import Capabilities, Frame, Turn, lacks
from genmux.dialects.gemini_live.commands import (
    ACTIVITY_END,
    ACTIVITY_START,
    ROLES,
    STREAM_END,
    TURN_END,
    append,
    content,
    picture,
    tool_result,
)
from genmux.dialects.gemini_live.profile import Profile
from genmux.dialects.gemini_live.reading import Listening
from genmux.dialects.gemini_live.setup import MUTABLE, Fields, context_update
from genmux.types.errors import AudioError
from genmux.types.realtime import (
    AppendAudio,
    CancelResponse,
    ClearAudio,
    Command,
    CommitAudio,
    CreateResponse,
    DeleteItem,
    SendImage,
    SendText,
    SendToolResult,
    SessionConfig,
    StartActivity,
    TruncateItem,
    UpdateSession,
)
from genmux.types.realtime_events import InputCleared, ItemAdded, ItemDone, RealtimeEvent, SessionUpdated

PLACEHOLDER = "."
"""What stands for the user's words where the model is to speak first: an answer always follows a message."""

_MISSING: dict[type, tuple[str, str]] = {
    CancelResponse: ("cancel an answer", "speaking interrupts it, and stopping its sound is up to the player"),
    TruncateItem: ("be told how much was heard", "leave it out: the model knows when it was interrupted"),
    DeleteItem: ("forget an item", "open a new session with the history that you want"),
}
"""Commands for which there is no message, and what to do instead."""


class Sending:
    """Writes commands. `unconfirmed` are events that the API would never send for them."""

    def __init__(
        self, config: SessionConfig, listening: Listening, *, profile: Profile, capabilities: Capabilities
    ) -> None:
        self.config = config
        self.unconfirmed: list[RealtimeEvent] = []
        self._listening = listening
        self._profile = profile
        self._capabilities = capabilities
        self._by_hand = config.turns is not None and config.turns.kind in {"client", "local"}
        self._active = False
        self._pending = False
        self._asked = False
        self._rest = b""
        self._sent = 0
        self._items = 0

    def frames(self, command: Command) -> list[Frame]:
        """A command as frames."""
        if isinstance(command, AppendAudio):
            return self._append(command.data)
        match command:
            case SendText():
                told = self._text(command)
            case SendToolResult():
                told = self._result(command)
            case SendImage():
                told = [picture(command)]
            case CreateResponse():
                told = self._create(command)
            case UpdateSession():
                told = self._update(command)
            case _:
                told = self._turn(command)
        return [msgspec.json.encode(fields).decode() for fields in told]

    def _append(self, data: bytes) -> list[Frame]:
        """Sound as messages; half a sample at the end waits for its other half."""
        if self._rest:
            data, self._rest = self._rest + data, b""
        if len(data) % 2:
            data, self._rest = data[:-1], data[-1:]
        rate, most = self.config.input.sample_rate, self._profile.append_bytes // 2 * 2
        frames: list[Frame] = [append(data[start : start + most], rate) for start in range(0, len(data), most)]
        self._listening.spoken = True
        self._sent += len(data)
        if frames and self._by_hand and not self._active:
            self._active = True
            return [msgspec.json.encode(ACTIVITY_START).decode(), *frames]
        return frames

    def _turn(self, command: Command) -> list[Fields]:
        match command:
            case StartActivity():
                return self._start()
            case CommitAudio():
                return self._commit()
            case ClearAudio():
                return self._clear()
            case CancelResponse() if self._by_hand:
                return self._start()
            case CancelResponse() | TruncateItem() | DeleteItem():
                self._refuse(*_MISSING[type(command)])
            case _:  # the goodbye is the socket's
                pass
        return []

    def _start(self) -> list[Fields]:
        if not self._by_hand or self._active:
            return []
        self._active = True
        return [ACTIVITY_START]

    def _commit(self) -> list[Fields]:
        if self._rest:
            self._rest = b""
            raise AudioError("the sound ends in the middle of a sample: pcm has 2 bytes each; send whole samples")
        self._asked, self._sent = True, 0
        self._listening.turns.prompted = True
        self.unconfirmed += self._listening.hearing.committed(self._listening.turns.number)
        if not self._by_hand:
            return [STREAM_END]
        active, self._active = self._active, False
        return [ACTIVITY_END] if active else [ACTIVITY_START, ACTIVITY_END]

    def _clear(self) -> list[Fields]:
        """Nothing that was sent can be taken back."""
        self._rest = b""
        if self._sent:
            self._sent = 0
            self._refuse("forget what was said", "commit it instead, or hold sound back until it is wanted")
        self.unconfirmed.append(InputCleared())
        return []

    def _text(self, command: SendText) -> list[Fields]:
        if command.role not in ROLES:
            self._refuse(f"take messages of the {command.role!r}", "put it into the instructions")
        self._asked = command.answer
        self._pending = not command.answer
        self._typed(answer=command.answer)
        self._confirm(command.item_id, role=command.role, kind="message", text=command.text)
        return [content((Turn(role=command.role, text=command.text),), complete=command.answer)]

    def _result(self, command: SendToolResult) -> list[Fields]:
        """The model goes on by itself, whether an answer is wanted or not."""
        name = command.name or self._listening.tools.get(command.call_id, "")
        self._listening.tools.pop(command.call_id, None)
        self._asked = True
        self._typed(answer=True)
        self._confirm(None, kind="function_call_output", text=command.output, call_id=command.call_id)
        return [tool_result(command, name)]

    def _create(self, command: CreateResponse) -> list[Fields]:
        """Answers come by themselves: only what was written without asking for one is to be ended, or the model to begin."""
        wanted = command.modalities
        if command.extra or (wanted is not None and ("audio" in wanted) != ("audio" in self.config.modalities)):
            self._refuse("be told how to answer once", "set it up for the whole session")
        asked, pending = self._asked, self._pending
        self._asked = self._pending = False
        self._typed(answer=True)
        if command.instructions is None and pending:
            return [TURN_END]
        if command.instructions is None and asked:
            return []
        prompt = command.instructions or PLACEHOLDER
        return [content((Turn(role="user", text=prompt),), complete=True)]

    def _update(self, command: UpdateSession) -> list[Fields]:
        config = command.config
        changed = tuple(name for name in command.changed if getattr(config, name) != getattr(self.config, name))
        locked = [name for name in changed if name not in MUTABLE or name not in self._capabilities.mutable]
        if locked:
            self._refuse(f"change {', '.join(locked)}", "open a new session for it")
        self.unconfirmed.append(SessionUpdated())
        fresh = {name: getattr(config, name) for name in changed}
        self.config = msgspec.structs.replace(self.config, **fresh)
        return [context_update(config, changed)] if changed else []

    def _typed(self, *, answer: bool) -> None:
        self._listening.typed = True
        self._listening.turns.prompted = self._listening.turns.prompted or answer

    def _confirm(self, item_id: str | None, **facts: Any) -> None:
        self._items += 1
        name = item_id or f"sent_{self._items}"
        self.unconfirmed.append(ItemAdded(item_id=name, **facts))
        self.unconfirmed.append(ItemDone(item_id=name, role=facts.get("role"), kind=facts["kind"]))

    def _refuse(self, what: str, instead: str) -> NoReturn:
        raise lacks(what, self._capabilities, instead=instead)
