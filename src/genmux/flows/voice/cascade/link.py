"""A connection made of calls: it listens, lets a text model answer, and speaks."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

import msgspec

from genmux.contract.sessions import Goodbye, Resume, foreign
from genmux.flows.voice.cascade.abilities import capabilities_of
from genmux.flows.voice.cascade.draft import Draft, Tell
from genmux.flows.voice.cascade.hearing import HEARD, Listening, Turn
from genmux.flows.voice.cascade.memory import Memory
from genmux.flows.voice.cascade.ports import CAREFUL, Ahead, Ears, Judge, Noticed, Voices
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
    Modality,
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
    SpeechDismissed,
    SpeechStarted,
    SpeechStopped,
    SpeechSuspected,
)
from genmux.types.transcription import Transcript

OURS = frozenset({"session.speak"})
"""Settings of a cascade itself, which callers of any dialect may say."""

BACK_CHANNEL = 300
"""Milliseconds that somebody must speak while the model does before that counts as an interruption: not every "mhm" does."""


class CascadeLink:
    """Listens with `ears`, and has `voices` hear, think and speak; sound comes out in the format `made`.

    A `judge` may end a turn before silence does; `ahead` says what is begun at a pause already.
    """

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
        judge: Judge | None = None,
        ahead: Ahead = CAREFUL,
    ) -> None:
        self.capabilities = capabilities_of(made)
        self.input = HEARD
        self.output = made
        self.goodbye = Goodbye(reconnect=False)
        self.warnings = tuple(one for one in foreign(config) if one.field not in OURS)
        self._config = config
        self._voices = voices
        self._model = model
        self._new_id = new_id
        self._memory = Memory()
        for turn in () if resume is None else resume.history:
            self._memory.write(new_id(), turn.role, turn.text)
        self._listening = Listening(
            ears,
            voices,
            turns=config.turns,
            noticed=self._notice,
            judge=judge,
            most_early=ahead.most_early,
            paused=self._begin_draft if ahead.drafts else lambda _: None,
            ended=self._turn,
        )
        self._draft: Draft | None = None
        self._drafts: set[Draft] = set()
        self._events: asyncio.Queue[RealtimeEvent | BaseException | None] = asyncio.Queue()
        self._images: list[Image] = []
        self._reply: Reply | None = None
        self._replying: asyncio.Task[Any] | None = None
        self._work: asyncio.Task[None] | None = None
        self._started: int | None = None
        self._spoken: str | None = None
        self._fed = 0.0
        self._closed = False
        self._rules: dict[type[Any], Callable[[Any], object]] = {
            AppendAudio: self._append,
            CommitAudio: self._commit,
            ClearAudio: self._clear,
            StartActivity: lambda _: self._tell(SpeechStarted()),
            SendText: self._text,
            SendImage: self._image,
            SendToolResult: self._result,
            CreateResponse: lambda command: self._begin(self._answer(command)),
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
        await asyncio.gather(*(one.end() for one in self._drafts))
        self._events.put_nowait(None)

    # ---------------------------------------------------------------- hearing
    def _append(self, command: AppendAudio) -> None:
        over = self._listening.feed(command.data)
        self._fed += HEARD.ms(len(command.data))
        if self._started is not None and self._fed - self._started >= BACK_CHANNEL:
            self._speech_started()
        if over:
            self._turn()

    def _notice(self, one: Noticed) -> bool:
        """Tell of speech; whether it counts."""
        match one.kind:
            case "suspected":
                self._tell(SpeechSuspected(audio_ms=one.at_ms))
            case "dismissed":
                self._tell(SpeechDismissed(audio_ms=one.at_ms))
            case "started":
                self._started = one.at_ms
                if self._reply is None:
                    self._speech_started()
            case "resumed":
                self._drop_draft()
            case "stopped":
                return self._stopped(one.at_ms)
            case "paused":
                pass
        return self._started is None

    def _stopped(self, at_ms: int) -> bool:
        """Somebody has finished; whether it was more than a word that shows attention to what is being said."""
        started = self._started
        if started is not None and self._reply is not None and at_ms - started < BACK_CHANNEL:
            self._started = None
            self._tell(SpeechDismissed(audio_ms=at_ms))
            return False
        self._speech_started()
        self._tell(SpeechStopped(item_id=self._spoken, audio_ms=at_ms))
        return True

    def _speech_started(self) -> None:
        """Somebody speaks, and means it: an answer under way ends."""
        if self._started is None:
            return
        at, self._started = self._started, None
        self._spoken = f"item_{self._new_id()}"
        self._tell(SpeechStarted(item_id=self._spoken, audio_ms=at))
        if self._config.turns is None or self._config.turns.interrupts:
            self._stop("turn_detected")

    def _clear(self, _: ClearAudio) -> None:
        self._drop_draft()
        self._listening.clear()
        self._tell(InputCleared())

    def _commit(self, _: CommitAudio) -> None:
        """The user says so."""
        self._turn()
        self._listening.cut()

    def _turn(self) -> None:
        """The user has finished."""
        if not self._listening.has_sound:
            raise MessageError("there is no sound to commit; append some first", param="audio")
        draft, self._draft = self._draft, None
        said, self._spoken = self._spoken, None
        turn = self._listening.take()
        work = self._begin(self._hear_turn(said or f"item_{self._new_id()}", turn, draft))
        for one in (turn, draft):
            if one is not None:
                work.add_done_callback(lambda _, one=one: one.drop())  # also where it was not heard at all

    async def _hear_turn(self, item: str, turn: Turn, draft: Draft | None) -> None:
        self._tell(InputCommitted(item_id=item))
        try:
            told = await turn.written()
        except ProviderError as error:
            self._tell(InputTranscriptDone(item_id=item, error=error.message))
            raise
        text = told.text.strip()
        self._tell(InputTranscriptDone(item_id=item, text=text, usage=told.usage))
        if not any(one.isalnum() for one in text):
            return  # a noise, no words
        images = self._take_images()
        if draft is not None and draft.answers(item, images, told, self._memory):
            self._memory = draft.memory
            self._reply, self._replying = draft.reply, asyncio.current_task()
            await draft.publish()
            return
        if draft is not None:
            draft.drop()
        self._memory.write(item, "user", text, images)
        if self._answers:
            await self._answer(None)

    @property
    def _answers(self) -> bool:
        """Whether a turn is answered of itself."""
        return self._config.turns is None or self._config.turns.answers

    def _begin_draft(self, heard: "asyncio.Task[Transcript]") -> None:
        """Answer what was said until this pause."""
        self._drop_draft()
        if self._reply is None and self._answers:
            draft = self._draft = Draft(
                self._spoken or "",
                heard,
                self._memory,
                images=tuple(self._images),
                reply_in=lambda memory, tell: self._reply_in(memory, tell, self._config.modalities),
                request_of=lambda memory: self._request(memory, self._config.instructions),
                tell=self._tell,
                after=self._work,
                ended=self._drafts.discard,
            )
            self._drafts.add(draft)

    def _drop_draft(self) -> None:
        draft, self._draft = self._draft, None
        if draft is not None:
            draft.drop()

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

    # ---------------------------------------------------------------- answering
    def _begin(self, work: Any) -> "asyncio.Task[None]":
        """Do something after what is under way, which is stopped."""
        self._drop_draft()
        before = self._work
        if before is not None and not before.done():
            self._stop("replaced")
        task = self._work = asyncio.create_task(self._do(work, before), name="genmux-cascade")
        task.add_done_callback(lambda _: work.close())  # which may not have begun
        return task

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
            if self._replying is asyncio.current_task():
                self._reply = self._replying = None

    def _fail(self, error: ProviderError) -> None:
        reply, self._reply = self._reply, None
        if reply is not None:
            self._tell(ResponseDone(response_id=reply.response, status="failed", reason=error.message))
        self._tell(SessionFailed(error=error))

    async def _answer(self, asked: CreateResponse | None) -> None:
        config = self._config
        modalities = (asked.modalities if asked is not None else None) or config.modalities
        instructions = (asked.instructions if asked is not None else None) or config.instructions
        reply = self._reply = self._reply_in(self._memory, self._tell, modalities)
        self._replying = asyncio.current_task()
        await reply.run(self._request(self._memory, instructions))

    def _reply_in(self, memory: Memory, tell: Tell, modalities: Sequence[Modality]) -> Reply:
        """An answer to be."""
        return Reply(
            f"resp_{self._new_id()}",
            f"item_{self._new_id()}",
            self._voices,
            memory,
            tell,
            made=self.output,
            aloud="audio" in modalities,
        )

    def _request(self, memory: Memory, instructions: str | None) -> ChatRequest:
        """What the text model is asked."""
        config = self._config
        return ChatRequest(
            model=self._model,
            messages=memory.messages(instructions),
            tools=config.tools,
            tool_choice=config.tool_choice,
            temperature=config.temperature,
            max_tokens=config.max_output_tokens,
        )

    def _stop(self, reason: str) -> None:
        """End the answer that is under way; what waits for its end goes on."""
        reply, self._reply = self._reply, None
        if reply is None or self._replying is None:
            return
        self._replying.cancel(reason)
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
        config = msgspec.structs.replace(self._config, **values)
        self._listening.tune(config.turns)
        self._config = config
        self._drop_draft()
        self._tell(SessionUpdated())

    def _tell(self, event: RealtimeEvent) -> None:
        if not self._closed:
            self._events.put_nowait(event)
