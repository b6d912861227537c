"""A connection made of calls: it listens, lets a text model answer, and speaks."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

import msgspec

from genmux.contract.sessions import Capabilities, Goodbye, Resume
from genmux.flows.voice.cascade.hearing import HEARD, Listening
from genmux.flows.voice.cascade.memory import Memory
from genmux.flows.voice.cascade.ports import Ears, Noticed, Voices
from genmux.flows.voice.cascade.replying import Reply
from genmux.types.audio import AudioFormat
from genmux.types.chat import ChatRequest
from genmux.types.content import Image
from genmux.types.errors import BudgetExceededError, MessageError, ProviderError
from genmux.types.realtime import (
    AppendAudio,
    CancelResponse,
    ClearAudio,
    CloseSession,
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
from genmux.types.realtime_events import (
    InputCleared,
    InputCommitted,
    InputTranscriptDone,
    ItemAdded,
    ItemDeleted,
    ItemTruncated,
    RealtimeEvent,
    ResponseDone,
    SessionCreated,
    SessionFailed,
    SessionUpdated,
    SpeechStarted,
    SpeechStopped,
)

MUTABLE = frozenset({"instructions", "tools", "tool_choice", "temperature", "max_output_tokens", "modalities", "turns"})

BACK_CHANNEL = 300
"""Milliseconds that somebody must speak while the model does before that counts as an interruption: not every cough does."""


def capabilities_of(made: AudioFormat) -> Capabilities:
    """What a cascade can do that speaks so."""
    return Capabilities(
        turn_owner="server",
        input_formats=(HEARD,),
        output_formats=(made,),
        truncates=True,
        cancels=True,
        commits=True,
        clears=True,
        deletes_items=True,
        creates_responses=True,
        tools=True,
        mutable=MUTABLE,
        roles=frozenset({"user", "assistant", "system"}),
        images=True,
        reports_speech=True,
        transcribes_input=True,
    )


class CascadeLink:
    """Listens with `ears`, and has `voices` hear, think and speak; sound comes out in the format `made`."""

    def __init__(  # noqa: PLR0913 — each is one fact of it
        self,
        config: SessionConfig,
        ears: Ears,
        voices: Voices,
        *,
        model: str,
        made: AudioFormat,
        new_id: Callable[[], str],
        resume: Resume | None = None,
    ) -> None:
        self.capabilities = capabilities_of(made)
        self.input = HEARD
        self.output = made
        self.goodbye = Goodbye(reconnect=False)
        self._config = config
        self._voices = voices
        self._model = model
        self._new_id = new_id
        self._memory = Memory()
        for turn in () if resume is None else resume.history:
            self._memory.write(new_id(), turn.role, turn.text)
        turns = config.turns
        self._listening = Listening(
            ears,
            voices,
            by_ear=turns is None or turns.kind != "client",
            prefix_ms=300 if turns is None or turns.prefix_ms is None else turns.prefix_ms,
            noticed=self._notice,
        )
        self._events: asyncio.Queue[RealtimeEvent | BaseException | None] = asyncio.Queue()
        self._images: list[Image] = []
        self._reply: Reply | None = None
        self._work: asyncio.Task[None] | None = None
        self._started: int | None = None
        self._fed = 0.0
        self._closed = False
        self._rules: dict[type[Any], Callable[[Any], None]] = {
            AppendAudio: self._append,
            CommitAudio: lambda _: self._turn(),
            ClearAudio: self._clear,
            StartActivity: lambda _: self._tell(SpeechStarted()),
            SendText: self._text,
            SendImage: self._image,
            SendToolResult: self._result,
            CreateResponse: self._create,
            CancelResponse: lambda _: self._stop("client_cancelled"),
            TruncateItem: self._truncate,
            DeleteItem: self._delete,
            UpdateSession: self._update,
            CloseSession: lambda _: None,
        }

    async def begin(self) -> None:
        """It is there."""
        self._tell(SessionCreated(provider_session=f"sess_{self._new_id()}"))

    async def send(self, command: Command) -> None:
        """Do what is said. Raises MessageError."""
        self._rules[type(command)](command)

    async def receive(self) -> Sequence[RealtimeEvent] | None:
        """What happened. Raises BudgetExceededError when the money is spent."""
        events: list[RealtimeEvent] = []
        one = await self._events.get()
        while True:
            if one is None:
                self._events.put_nowait(None)
                return events or None
            if isinstance(one, BaseException):
                raise one
            events.append(one)
            if self._events.empty():
                return events
            one = self._events.get_nowait()

    async def close(self, reason: str = "") -> None:
        """End it."""
        if self._closed:
            return
        self._closed = True
        self._listening.clear()
        work, self._work = self._work, None
        if work is not None:
            work.cancel(reason)
            await asyncio.gather(work, return_exceptions=True)
        self._events.put_nowait(None)

    # ---------------------------------------------------------------- hearing
    def _append(self, command: AppendAudio) -> None:
        over = self._listening.feed(command.data)
        self._fed += HEARD.ms(len(command.data))
        if self._started is not None and self._fed - self._started >= BACK_CHANNEL:
            self._speech_started()
        if over:
            self._turn()

    def _notice(self, one: Noticed) -> None:
        match one.kind:
            case "started":
                self._started = one.at_ms
                if self._reply is None:
                    self._speech_started()
            case "stopped":
                long = self._started is None or one.at_ms - self._started >= BACK_CHANNEL
                if long or self._reply is None:
                    self._speech_started()
                self._started = None
                self._tell(SpeechStopped(audio_ms=one.at_ms))
            case _:
                pass

    def _speech_started(self) -> None:
        """Somebody speaks, and means it: an answer under way ends."""
        if self._started is None:
            return
        at, self._started = self._started, None
        self._tell(SpeechStarted(audio_ms=at))
        if self._config.turns is None or self._config.turns.interrupts:
            self._stop("turn_detected")

    def _clear(self, _: ClearAudio) -> None:
        self._listening.clear()
        self._tell(InputCleared())

    def _turn(self) -> None:
        """The user has finished."""
        if not self._listening.has_sound:
            raise MessageError("there is no sound to commit; append some first", param="audio")
        self._begin(self._hear_turn(answers=self._config.turns is None or self._config.turns.answers))

    async def _hear_turn(self, *, answers: bool) -> None:
        item = f"item_{self._new_id()}"
        self._tell(InputCommitted(item_id=item))
        try:
            told = await self._listening.take()
        except ProviderError as error:
            self._tell(InputTranscriptDone(item_id=item, error=error.message))
            raise
        text = told.text.strip()
        self._tell(InputTranscriptDone(item_id=item, text=text, usage=told.usage))
        if not any(one.isalnum() for one in text):
            return  # a noise, no words
        self._memory.write(item, "user", text, self._take_images())
        if answers:
            await self._answer(None)

    # ---------------------------------------------------------------- saying
    def _text(self, command: SendText) -> None:
        item = command.item_id or f"item_{self._new_id()}"
        self._memory.write(item, command.role, command.text, self._take_images() if command.role == "user" else ())
        self._tell(ItemAdded(item_id=item, role=command.role, kind="message", text=command.text))
        if command.answer and command.role == "user":
            self._begin(self._answer(None))

    def _image(self, command: SendImage) -> None:
        self._images = [*self._images[-7:], Image.from_bytes(command.data, command.media_type)]

    def _take_images(self) -> tuple[Image, ...]:
        images, self._images = self._images, []
        return tuple(images)

    def _result(self, command: SendToolResult) -> None:
        self._memory.result(f"item_{self._new_id()}", command.call_id, command.name, command.output)
        if command.answer:
            self._begin(self._answer(None))

    def _create(self, command: CreateResponse) -> None:
        self._begin(self._answer(command))

    # ---------------------------------------------------------------- answering
    def _begin(self, work: Any) -> None:
        """Do something after what is under way, which is stopped."""
        before = self._work
        if before is not None and not before.done():
            self._stop("replaced")
        self._work = asyncio.create_task(self._do(work, before), name="genmux-cascade")

    async def _do(self, work: Any, before: "asyncio.Task[None] | None") -> None:
        if before is not None:
            await asyncio.gather(before, return_exceptions=True)
        try:
            await work
        except BudgetExceededError as error:
            self._events.put_nowait(error)
        except ProviderError as error:
            self._fail(error)
        finally:
            work.close()

    def _fail(self, error: ProviderError) -> None:
        reply, self._reply = self._reply, None
        if reply is not None:
            self._tell(ResponseDone(response_id=reply.response, status="failed", reason=error.message))
        self._tell(SessionFailed(error=error))

    async def _answer(self, asked: CreateResponse | None) -> None:
        config = self._config
        modalities = (asked.modalities if asked is not None else None) or config.modalities
        reply = self._reply = Reply(
            f"resp_{self._new_id()}",
            f"item_{self._new_id()}",
            self._voices,
            self._memory,
            self._tell,
            made=self.output,
            aloud="audio" in modalities,
        )
        instructions = (asked.instructions if asked is not None else None) or config.instructions
        request = ChatRequest(
            model=self._model,
            messages=self._memory.messages(instructions),
            tools=config.tools,
            tool_choice=config.tool_choice,
            temperature=config.temperature,
            max_tokens=config.max_output_tokens,
        )
        await reply.run(request)
        if self._reply is reply:
            self._reply = None

    def _stop(self, reason: str) -> None:
        """End the answer that is under way."""
        reply, self._reply = self._reply, None
        if reply is None or self._work is None:
            return
        self._work.cancel(reason)
        self._tell(reply.cancelled(reason))

    # ---------------------------------------------------------------- changing
    def _truncate(self, command: TruncateItem) -> None:
        self._memory.truncate(command.item_id, command.audio_ms)
        self._tell(ItemTruncated(item_id=command.item_id, audio_ms=command.audio_ms))

    def _delete(self, command: DeleteItem) -> None:
        if not self._memory.delete(command.item_id):
            raise MessageError(f"there is no item {command.item_id!r} in this conversation", param="item_id")
        self._tell(ItemDeleted(item_id=command.item_id))

    def _update(self, command: UpdateSession) -> None:
        values = {name: getattr(command.config, name) for name in command.changed}
        self._config = msgspec.structs.replace(self._config, **values)
        self._listening.by_ear = self._config.turns is None or self._config.turns.kind != "client"
        self._tell(SessionUpdated())

    def _tell(self, event: RealtimeEvent) -> None:
        if not self._closed:
            self._events.put_nowait(event)
