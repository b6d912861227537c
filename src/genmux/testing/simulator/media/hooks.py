"""Sends webhooks, and the forged, replayed and doubled ones that come beside them."""

import asyncio
from collections import deque
from typing import TYPE_CHECKING, Literal

import msgspec

from genmux.testing.simulator.media.clock import Clock
from genmux.testing.simulator.media.job import SimulatedJob
from genmux.testing.simulator.media.personality import Hook, Personality
from genmux.testing.simulator.media.script import Script, StateWord

if TYPE_CHECKING:
    import aiohttp

HOUR = 3_600.0
FORGER = "whsec_Zm9yZ2VkLXNlY3JldC1vZi1zb21lYm9keS1lbHNl"
"""What forged webhooks are signed with."""
KEPT = 10_000
KIND, STATE = "x-simulator-kind", "x-simulator-state"
"""Headers by which a test tells webhooks apart; no provider sends them."""

Kind = Literal["genuine", "duplicate", "forged", "replayed"]


class Delivered(msgspec.Struct, kw_only=True):
    """One webhook that was sent. `status` is what was answered, None where nothing was."""

    personality: str
    job: str
    kind: Kind
    state: StateWord
    url: str
    attempt: int = 1
    status: int | None = None
    answer: str = ""


class Postman:
    """Sends webhooks in the background."""

    def __init__(self, clock: Clock) -> None:
        self.delivered: deque[Delivered] = deque(maxlen=KEPT)
        self._clock = clock
        self._session: aiohttp.ClientSession | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    def watch(self, personality: Personality, job: SimulatedJob) -> None:
        """Tell each change of a job when it comes."""
        if job.callback is None:
            return
        late = job.script.late
        moments = {job.starts, job.ends, job.cancelled_at} | ({job.ends + late} if late is not None else set())
        for moment in moments:
            self._clock.at(moment, lambda: self.tell(personality, job))

    def tell(self, personality: Personality, job: SimulatedJob) -> None:
        """Tell where a job stands, unless that was told already or is not told by this provider."""
        state = job.state(self._clock.now())
        if job.callback is None or state == job.told or state not in personality.hook_states or job.deleted:
            return
        job.told = state
        with self._clock.held():  # so that what is replayed differs from what was genuine in its stamp alone
            letters = letters_of(personality, job, now=self._clock.wall())
        if letters:
            task = asyncio.get_running_loop().create_task(self._send_all(personality, job, state, letters))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def aclose(self) -> None:
        """Send nothing any more."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._session is not None:
            await self._session.close()
            self._session = None

    @property
    def busy(self) -> bool:
        """Whether something is on its way."""
        return bool(self._tasks)

    async def _send_all(
        self, personality: Personality, job: SimulatedJob, state: StateWord, letters: list[tuple[Kind, Hook]]
    ) -> None:
        for kind, hook in letters:
            for attempt, wait in enumerate((*personality.hook_retries, None), start=1):
                one = Delivered(
                    personality=personality.name, job=job.id, kind=kind, state=state, url=hook.url, attempt=attempt
                )
                self.delivered.append(one)
                await self._send(hook, one)
                taken = one.status is not None and one.status < 300
                if taken or wait is None or kind == "forged":
                    break
                await asyncio.sleep(wait)

    async def _send(self, hook: Hook, one: Delivered) -> None:
        import aiohttp

        if self._session is None:
            self._session = aiohttp.ClientSession(
                timeout=aiohttp.ClientTimeout(total=15), connector=aiohttp.TCPConnector(limit=64)
            )
        headers = {**hook.headers, KIND: one.kind, STATE: one.state}
        try:
            async with self._session.request(hook.method, hook.url, data=hook.body, headers=headers) as answer:
                one.answer = (await answer.read())[:200].decode("utf-8", "replace")
                one.status = answer.status
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            one.answer = f"{type(error).__name__}: {error}"


def letters_of(personality: Personality, job: SimulatedJob, *, now: float) -> list[tuple[Kind, Hook]]:
    """What is sent for a change of a job, in order."""
    faults = job.script.hooks
    genuine = personality.hook(job, secret=personality.secret, stamp=now)
    if genuine is None or "lost" in faults:
        return []
    letters: list[tuple[Kind, Hook]] = [("genuine", genuine)]
    if "forged" in faults and (forged := forged_hook(personality, job, now=now)):
        letters.insert(0, ("forged", forged))
    if "duplicate" in faults:
        letters.append(("duplicate", genuine))
    if "replayed" in faults and (old := personality.hook(job, secret=personality.secret, stamp=now - HOUR)):
        letters.append(("replayed", old))
    return letters


def forged_hook(personality: Personality, job: SimulatedJob, *, now: float) -> Hook | None:
    """What somebody else would send to make believe that a job went well."""
    done = msgspec.structs.replace(job, script=Script(), starts=0.0, ends=0.0, cancelled_at=float("inf"), outputs=1)
    return personality.hook(done, secret=FORGER, stamp=now)
