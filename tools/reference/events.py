"""Every event, from the table that promises them."""

from collections.abc import Iterator
from typing import Any, get_args, get_origin

import msgspec

from genmux.services.outbox.schedule import PAUSES
from genmux.types.event_kinds import EVENTS
from tools.reference.markdown import heading, table, type_name

INTRODUCTION = """\
What happens is told as events: to functions in the same program (`client.on_event(handler)`), as a stream of server-sent
events (`GET /api/v1/events`), and by webhook (`genmux webhooks add URL`). Streams and webhooks carry them as CloudEvents 1.0
in JSON, with the organisation, the provider, the model and the gateway key as extension attributes (`tenant`, `provider`,
`model`, `key`); what is listed below is in `data`. A name keeps its meaning and a particular its type; others may be added, so
leave alone what you do not know. What does not apply is left out.

Events of jobs are told in the transaction in which the thing happens: when it is committed, the event is, and the other way
round. Events of calls are told to other processes only while somebody listens: a webhook, or a reader of the stream. In the
stream they come in one order, and `Last-Event-ID` goes on behind any of them, for as long as they are kept (30 days).

Webhooks may come twice or in another order: `webhook-id` (the event's `id`) tells them apart, `time` orders them. They are
signed as Standard Webhooks has it. What is not answered with a 2xx within 15 seconds is sent again after {pauses}; then it is
given up, and `genmux webhooks redeliver` sends it again."""


def page() -> str:
    """Each kind of event with its meaning, its subject and its particulars."""
    pauses = ", ".join(_span(one) for one in PAUSES[:-1]) + f" and {_span(PAUSES[-1])}"
    head = heading("Events", INTRODUCTION.format(pauses=pauses))
    rows = ((f"[`{name}`](#{name.replace('.', '')})", kind.meaning) for name, kind in EVENTS.items())
    parts = [head, table(("event", "meaning"), rows)]
    for name, kind in EVENTS.items():
        parts.append(f"## {name}\n\n{kind.meaning} `subject` is {_subject(kind.subject)}.\n")
        parts.append(table(("particular", "type", "meaning"), _particulars(kind.data)))
    return "\n".join(parts)


def _subject(told: str) -> str:
    return "left out" if told == "nothing" else told


def _particulars(data: type[msgspec.Struct]) -> Iterator[tuple[str, str, str]]:
    for field in msgspec.structs.fields(data):
        needed = "" if field.required else ", may be missing"
        yield f"`{field.name}`", f"{_type(field.type)}{needed}", _meaning(field.type)


def _type(kind: Any) -> str:
    bare = get_args(kind)[0] if get_origin(kind) is not None and hasattr(kind, "__metadata__") else kind
    return type_name(bare).replace(" | None", "").replace("ErrorKind", "str")


def _meaning(kind: Any) -> str:
    return next((note.description or "" for note in getattr(kind, "__metadata__", ())), "")


def _span(seconds: float) -> str:
    for unit, size in (("day", 86_400), ("hour", 3_600), ("minute", 60)):
        if seconds >= size:
            count = int(seconds // size)
            return f"{count} {unit}{'s' if count > 1 else ''}"
    return f"{seconds:g} seconds"
