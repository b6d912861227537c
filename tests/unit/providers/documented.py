"""Replies that were authored from the documents of providers; each file says from which."""

from pathlib import Path
from typing import Any

import msgspec
import pytest

from genmux.contract.http import HttpReply, HttpRequest
from genmux.contract.jobs import Steps
from genmux.types.jobs import Accepted, JobState

FOLDER = Path(__file__).parents[2] / "data" / "media"


def documented(provider: str) -> dict[str, Any]:
    """All that there is of one provider."""
    return msgspec.json.decode((FOLDER / f"{provider}.json").read_bytes())


def documented_polls(provider: str) -> list[Any]:
    """Its answers to polls, as parameters of a test: what is answered, and the state that it means."""
    return [
        pytest.param(one["body"], msgspec.convert(one["expect"], JobState), id=one["name"])
        for one in documented(provider)["polls"]
    ]


def replied(body: Any, *, status: int = 200) -> HttpReply:
    """A reply in JSON."""
    return HttpReply(status=status, headers={}, body=msgspec.json.encode(body))


def walked(steps: Steps[Any], *bodies: Any) -> tuple[list[HttpRequest], Any]:
    """Drive steps with replies; what was asked, and what they came to."""
    asked = []
    answers = iter(bodies)
    try:
        asked.append(next(steps))
        while True:
            asked.append(steps.send(replied(next(answers))))
    except StopIteration as end:
        return asked, end.value


def ticket_of(accepted: object) -> dict[str, Any]:
    """The ticket of a job that was taken."""
    assert isinstance(accepted, Accepted)
    return accepted.ticket
