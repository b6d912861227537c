"""Drives one wire against the simulator: the real engine, real sockets, and a clock that is put forward instead of waiting."""

import base64
import datetime
import tempfile
import time
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TypeVar

import msgspec

from genmux.contract.auth import TimedAuth
from genmux.contract.error_map import classify
from genmux.contract.http import HttpReply, HttpRequest
from genmux.contract.jobs import Delivery, Finds, Hooks, MediaReader, PartialOutput, Prepared, Steps, Verified
from genmux.contract.params import Carriage
from genmux.engine.aiohttp_transport import AiohttpTransport
from genmux.engine.deadlines import Timeouts
from genmux.engine.engine import Engine
from genmux.engine.limits import SizeLimits
from genmux.engine.permit import Permit
from genmux.engine.retry import RetryPolicy
from genmux.engine.transport import Transport
from genmux.testing.conformance.loopback import Loopback
from genmux.testing.conformance.mailbox import Mailbox
from genmux.testing.conformance.subject import Subject
from genmux.testing.simulator.media import Bill, MediaSimulator
from genmux.testing.simulator.media.hooks import KIND, STATE
from genmux.types.assets import Output
from genmux.types.errors import AuthenticationError, ProviderError
from genmux.types.jobs import Accepted, Cancelled, Completed, Ended, Failed, Filtered, JobState, Ticket

T = TypeVar("T")

ONCE = RetryPolicy(attempts=1)
PATIENCE = Timeouts.within(10.0)
IMPATIENCE = Timeouts.within(0.5)
REDIRECTS = 5
WORK = 5.0
"""How many seconds jobs take, of the simulator's clock."""
END_WORDS = {"completed", "filtered", "failed", "cancelled", "expired"}
ENDED = (Completed, Filtered, Failed, Cancelled)


class Bench:
    """One subject, its simulator, and a mailbox for its webhooks."""

    def __init__(
        self, subject: Subject, simulator: MediaSimulator, transport: Transport, mailbox: Mailbox, folder: Path
    ) -> None:
        self.subject = subject
        self.wire = subject.wire
        self.traits = subject.provider.manifest.jobs
        self.simulator = simulator
        self.mailbox = mailbox
        self.engine = Engine(transport)
        self._transport = transport
        self._folder = folder
        self._name = next(iter(simulator.people))
        self.personality = simulator[self._name]
        self._base_url = simulator.url(self._name)
        self._credential = subject.credential(webhook_secret=self.personality.secret)

    # ------------------------------------------------------------ submitting
    async def prepare(self, carriage: Carriage | None = None) -> Prepared:
        """Everything before the submission."""
        request = self.subject.request(self._folder, carriage=carriage)
        return await self._walk(self.wire.prepare(request, self.subject.model))

    async def submit(
        self,
        script: str = "",
        *,
        key: str = "key-1",
        carriage: Carriage | None = None,
        timeouts: Timeouts = PATIENCE,
    ) -> Accepted | Ended:
        """Submit a job that goes as the directives say. Raises ProviderError."""
        work = 0.0 if self.subject.blocks else WORK
        prepared = await self.prepare(carriage)
        self.simulator.upcoming(f"work {work}; {script}")
        http = self.wire.submit(prepared, key, self.callback)
        called = await self._call(http, timeouts=timeouts, permit=Permit())
        return self.wire.submitted(called, prepared)

    async def taken(self, script: str = "", *, key: str = "key-1") -> Ticket:
        """Submit a job that is accepted, and give its ticket as it comes back from a database."""
        accepted = await self.submit(script, key=key)
        assert isinstance(accepted, Accepted), f"a job that has only begun was {accepted!r}; give Accepted(ticket=…)"
        return msgspec.json.decode(msgspec.json.encode(accepted.ticket))

    async def ends(self, script: str = "") -> JobState:
        """Submit a job, let it end, and tell what became of it, by a poll, a webhook or the submission itself."""
        told = await self.submit(script)
        if isinstance(told, ENDED):
            return told
        assert isinstance(told, Accepted)
        self.simulator.advance(2 * WORK)
        return await self.look(told.ticket)

    @property
    def callback(self) -> str | None:
        """The address for webhooks, where the provider takes one with each job."""
        return self.mailbox.url if self.traits.webhook == "job" else None

    # ------------------------------------------------------------ looking
    async def look(self, ticket: Ticket) -> JobState:
        """Where a job stands: by a poll, or by the newest webhook where there is nothing else."""
        if self.subject.polls:
            return await self.poll(ticket)
        return (await self.read(await self.hook()))[1]

    async def poll(self, ticket: Ticket, *, timeouts: Timeouts = PATIENCE) -> JobState:
        """Poll once. Raises ProviderError."""
        return await self._walk(self.wire.poll(ticket), timeouts=timeouts)

    async def find(self, key: str) -> Ticket | None:
        """Look for a job by its key. Raises ProviderError."""
        assert isinstance(self.wire, Finds)
        return await self._walk(self.wire.find(key, datetime.datetime.now(datetime.UTC) - datetime.timedelta(hours=1)))

    async def walk(self, steps: Steps[T]) -> T:
        """Drive any steps. Raises ProviderError."""
        return await self._walk(steps)

    async def stream(self, http: HttpRequest, reader: MediaReader, permit: Permit) -> list[PartialOutput | Ended]:
        """Send a submission whose reply is streamed, and give all that comes. Raises ProviderError."""
        opened = await self.engine.open(
            self.subject.provider,
            self._credential,
            http,
            base_url=self._base_url,
            model=self.subject.model.id,
            timeouts=PATIENCE,
            policy=ONCE,
            permit=permit,
        )
        found: list[PartialOutput | Ended] = []
        async with opened as events:
            async for some in events:
                found += [one for event in some for one in reader.feed(event)]
        return [*found, *reader.close()]

    async def download(self, output: Output) -> bytes:
        """The bytes of an output. Raises ProviderError."""
        if output.data is not None:
            return output.data
        assert output.url is not None, f"an output has neither an address nor bytes: {output!r}"
        if output.url.startswith("data:"):
            return base64.b64decode(output.url.partition(",")[2])
        url = output.url
        for _ in range(REDIRECTS):
            reply = await self._fetch(url, signed=output.signed)
            if reply.status // 100 != 3:
                return reply.body
            url = reply.headers.get("location", "")
        message = f"the download of {output.url} leads from one address to the next, more than {REDIRECTS} times"
        raise AssertionError(message)

    async def _fetch(self, url: str, *, signed: bool) -> HttpReply:
        """One download. The credential only goes to the provider's own address."""
        http = HttpRequest(method="GET", url=url, read_only=True)
        if signed and url.startswith(self._base_url):
            auth = self.subject.provider.auth
            http = (
                auth.sign(http, self._credential, time.time())
                if isinstance(auth, TimedAuth)
                else auth(http, self._credential)
            )
        reply = await self._transport.send(http, timeouts=PATIENCE, limits=SizeLimits())
        if reply.status >= 400:
            raise classify(reply)
        return reply

    # ------------------------------------------------------------ webhooks
    async def hook(self, kind: str = "genuine") -> Delivery:
        """The (forged, replayed …) webhook that tells the end of the job. Raises TimeoutError when it does not come."""
        await self.mailbox.until(lambda: bool(self._told_end(kind)))
        return self._told_end(kind)[-1]

    def _told_end(self, kind: str) -> list[Delivery]:
        told = self.mailbox.deliveries
        return [one for one in told if one.headers.get(KIND) == kind and one.headers.get(STATE) in END_WORDS]

    async def verify(self, delivery: Delivery) -> Verified:
        """Check a webhook. Raises AuthenticationError."""
        assert isinstance(self.wire, Hooks)
        steps = self.wire.secrets()
        secrets = (self.personality.secret,) if steps is None else await self._walk(steps)
        return self.wire.verify(delivery, secrets, time.time())

    async def read(self, delivery: Delivery) -> tuple[Ticket | None, JobState]:
        """What a webhook says, once it is checked."""
        assert isinstance(self.wire, Hooks)
        return self.wire.webhook(await self.verify(delivery))

    async def refused(self, delivery: Delivery) -> bool:
        """Whether a webhook is refused."""
        try:
            await self.verify(delivery)
        except AuthenticationError:
            return True
        return False

    # ------------------------------------------------------------ judging
    @property
    def bills(self) -> list[Bill]:
        """What was billed."""
        return self.simulator.bills()

    async def tried(self, attempt: Callable[[], Awaitable[T]]) -> T | ProviderError:
        """Do something, and give what came or the error that was raised."""
        try:
            return await attempt()
        except ProviderError as error:
            return error

    async def fails(self, attempt: Callable[[], Awaitable[object]]) -> ProviderError:
        """Do something that must raise ProviderError, and give that."""
        came = await self.tried(attempt)
        assert isinstance(came, ProviderError), f"nothing was raised; what came was {came!r}"
        return came

    async def _call(
        self, http: HttpRequest, *, timeouts: Timeouts = PATIENCE, permit: Permit | None = None
    ) -> HttpReply:
        called = await self.engine.call(
            self.subject.provider,
            self._credential,
            http,
            base_url=self._base_url,
            model=self.subject.model.id,
            timeouts=timeouts,
            policy=ONCE,
            permit=permit,
        )
        return called.reply

    async def _walk(self, steps: Steps[T], *, timeouts: Timeouts = PATIENCE) -> T:
        return await self.engine.walk(
            self.subject.provider,
            self._credential,
            steps,
            base_url=self._base_url,
            model=self.subject.model.id,
            timeouts=timeouts,
            policy=ONCE,
        )


@asynccontextmanager
async def bench_for(subject: Subject) -> AsyncGenerator[Bench]:
    """A bench with a simulator of its own."""
    answer = subject.wire.answer if isinstance(subject.wire, Hooks) else b"ok"
    async with MediaSimulator(subject.personality) as simulator, Mailbox(answer) as mailbox:
        if subject.provider.manifest.jobs.webhook == "account":
            simulator.account_hook(mailbox.url)
        transport = Loopback(AiohttpTransport(trust_env=False), simulator.url(next(iter(simulator.people))))
        with tempfile.TemporaryDirectory() as folder:
            try:
                yield Bench(subject, simulator, transport, mailbox, Path(folder))
            finally:
                await transport.aclose()
