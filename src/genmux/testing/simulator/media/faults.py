"""Plays what a script wants to go wrong with a submission or a poll."""

from collections.abc import Callable
from typing import Protocol

from genmux.contract.dialect import Answer
from genmux.contract.local import Pause
from genmux.testing.simulator.media.desk import Desk
from genmux.testing.simulator.media.job import SimulatedJob
from genmux.testing.simulator.media.refusal import Refusal
from genmux.testing.simulator.media.script import Script
from genmux.testing.simulator.steps import JSON, Cut, Step, Steps, whole, whole_answer

Refuse = Callable[[Refusal], Answer]

GARBLED = b'{"this reply is": "cut in the mid'


class Broken(Exception):  # noqa: N818 — it is a reply of a kind
    """Instead of a reply, this is played."""

    def __init__(self, *steps: Step) -> None:
        super().__init__()
        self.steps: Steps = iter(steps)


def before_acceptance(script: Script) -> None:
    """Let go wrong what comes before a job is accepted. Raises Refusal or Broken."""
    if script.reply == "never-came":
        raise Broken(Cut.RESET)
    if script.reply == "error-200":
        raise Refusal("invalid_request", "refused by its script, inside of a success", inside_success=True)


class Submission(Protocol):
    """A request with which a job was submitted; `fresh` where it made a new one."""

    desk: Desk
    fresh: bool


def submit_fault(ask: Submission, refuse: Refuse, script: Script, steps: Steps) -> Steps:
    """The reply to a submission that was accepted; one that was recognized by its key is answered well."""
    delay = ask.desk.delay(script)
    if delay:
        yield Pause(delay)
    match script.reply if ask.fresh else None:
        case "lost":
            yield Cut.RESET
        case "none":
            yield Cut.STALL
        case "garbled":
            yield whole(200, JSON, GARBLED)
        case "error":
            yield whole_answer(refuse(Refusal("server", "something broke after the job was accepted")))
        case _:
            yield from steps


def poll_fault(job: SimulatedJob, refuse: Refuse, steps: Steps) -> Steps:
    """The reply to a poll; the first ones may be other than they should be."""
    fault, count = job.script.polls or ("", 0)
    if job.script.latency:
        yield Pause(job.script.latency)
    match fault if job.asked <= count else "":
        case "error":
            yield whole_answer(refuse(Refusal("server", "this poll failed")))
        case "error-200":
            yield whole_answer(refuse(Refusal("server", "this poll failed", inside_success=True)))
        case "rate-limit":
            yield whole_answer(refuse(Refusal("rate_limit", "too many polls", retry_after=0.01)))
        case "garbled":
            yield whole(200, JSON, GARBLED)
        case "cut":
            yield Cut.RESET
        case "stall":
            yield Cut.STALL
        case _:
            yield from steps
