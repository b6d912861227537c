"""What tests do with a running simulator, in process or through its pages: read bills, set scripts, put the clock forward."""

from collections import deque
from collections.abc import Iterable
from typing import Any

import msgspec

from genmux.testing.simulator.media.clock import Clock
from genmux.testing.simulator.media.desk import Desk
from genmux.testing.simulator.media.hooks import Delivered, Postman
from genmux.testing.simulator.media.job import SimulatedJob
from genmux.testing.simulator.media.ledger import Bill, Ledger
from genmux.testing.simulator.media.personality import Personality
from genmux.testing.simulator.media.script import Script
from genmux.testing.simulator.records import Records, Seen


class Controls:
    """All simulated providers of one simulator, with their common clock and ledger."""

    def __init__(self, *, recording: int) -> None:
        self.clock = Clock()
        self.ledger = Ledger()
        self.postman = Postman(self.clock)
        self.people: dict[str, Personality] = {}
        self._records = Records(limit=recording)

    def __getitem__(self, personality: str) -> Personality:
        return self.people[personality]

    @property
    def requests(self) -> tuple[Seen, ...]:
        """The requests that came over the wire, oldest first, as far as they are kept."""
        return tuple(self._records.kept)

    @property
    def delivered(self) -> deque[Delivered]:
        """The webhooks that were sent, oldest first."""
        return self.postman.delivered

    @property
    def jobs(self) -> list[SimulatedJob]:
        """All accepted jobs, oldest first by personality."""
        return [job for one in self.people.values() for job in one.desk.jobs.values()]

    @property
    def polls(self) -> int:
        """How often somebody asked for a job."""
        return sum(one.desk.polls for one in self.people.values())

    def bills(self, personality: str | None = None) -> list[Bill]:
        """What was billed, as it stands now."""
        return self.ledger.bills(self.clock.now(), personality)

    def script(self, directives: str, *, personality: str | None = None) -> None:
        """What holds for jobs that do not say otherwise, from now on. Raises Refusal for a directive that there is not."""
        told = Script().told(directives)
        for desk in self._desks(personality):
            desk.script = told

    def upcoming(self, *directives: str, personality: str | None = None) -> None:
        """Directives for the next submissions, one each. Raises Refusal for one that there is not."""
        for one in directives:
            Script().told(one)
        for desk in self._desks(personality):
            desk.upcoming.extend(directives)

    def limit(self, *, slots: int | None = None, workers: int | None = None, personality: str | None = None) -> None:
        """How many jobs an account may have at once (else 429), and how many are worked on at once (else they queue)."""
        for desk in self._desks(personality):
            desk.slots = slots if slots is not None else desk.slots
            desk.workers = workers if workers is not None else desk.workers

    def account_hook(self, url: str | None, *, personality: str | None = None) -> None:
        """Where webhooks go for jobs that name no place of their own."""
        for desk in self._desks(personality):
            desk.account_hook = url

    def advance(self, seconds: float) -> None:
        """Put the clock of all jobs forward; webhooks that become due are sent."""
        self.clock.advance(seconds)

    def reset(self) -> None:
        """Forget jobs, bills and records; settings stay."""
        for desk in self._desks(None):
            desk.clear()
        self.ledger.clear()
        self._records.kept.clear()
        self.delivered.clear()

    def jobs_shown(self, personality: str | None = None) -> list[dict[str, Any]]:
        """The jobs for people and other processes."""
        now = self.clock.now()
        return [
            {**msgspec.to_builtins(job, str_keys=True), "state": job.state(now)}
            for job in self.jobs
            if personality is None or job.personality == personality
        ]

    def _desks(self, personality: str | None) -> Iterable[Desk]:
        chosen = self.people.values() if personality is None else (self.people[personality],)
        return [one.desk for one in chosen]
