"""The replay of recorded traffic, from the structs that it prints and the tables by which it compares."""

import importlib
import inspect
import re
import tomllib
from pathlib import Path

from genmux.testing.replay import claiming, differences, equivalences, outcome
from tools.reference.markdown import heading, table

EXCEPTIONS = Path(__file__).with_name("replay_exceptions.toml")

STATUSES = {
    "ok": "the reply was read; an error reply was classified, and `error` says as what",
    "unsupported": "no dialect claims the API of the exchange; `differences` says why",
    "failed": "the reply could not be read, or its error has no kind",
}

INTRODUCTION = """`genmux replay PATH… --json` reads recorded exchanges through the dialects, in both directions, and prints one
line of JSON for each. `PATH` is a recording or a folder of recordings. `genmux.testing.replay.replay(paths)` gives the same as values.

- The request is accepted as our gateway would accept it and encoded again as our client would: the document must be the same.
- The reply is read as our client would read it, written as our gateway would write it, and read again: the result must be the
  same, and nothing of the recorded reply may be missing in what was written.
- A stream is read into parts, written as events and read again: the joined results must be the same, and so must the blocks.
- An error is read, written as our gateway would write it, and read again: kind and message must be the same.

Which dialect an exchange belongs to is told by its path; where the path was not kept, by its API and by what the reply looks like.
Paths that end in `/count_tokens` are replayed as counts, with the count in `usage.input`. Of embeddings `result` shows the usage;
their vectors are compared whether they travel as numbers or packed, and their errors have no round trip of their own.
A reply without a recorded request is read against the smallest request there is, and `request_round_trip` is null. It is null too
where our server refuses a request that the provider refused as well.

Of speech the sound is compared, of transcripts the text with its times, in the format that the recorded reply has. The file of a
recorded form is cut off, and fields behind it with it: of such a form only what is there must be written.

The exchanges of jobs (a submission, a poll, a cancellation, a list) have no server half: the job's wire writes the recorded
request, whose method, path and JSON body must be the same, and reads the recorded reply. `job` tells what it read.

Of a session over a WebSocket every frame that was received is read as our client would: one that is not understood fails the
session. What it says is told to a caller as our gateway would, and read again. What the recording client sent is accepted as our
gateway would, where it speaks the dialect. `session` tells what went through, and `result` what was said and used."""

REPLIES = """- Empty values (null, `""`, `[]`, `{}`) say nothing and need not be written, nor fillers such as Snowflake's empty `audio`.
- What is written besides, because clients of the dialect expect it, is no loss. Where the reply named no model, the model
  that was asked for is written.
- The id of the request that came in a header is not part of the answer.
- How a stream was cut into deltas says nothing. Usage, finish reason and fields of the whole reply may come at any place in it."""


FIELDS = {
    "file": "the recording, from the folder of recordings on (the one with `index.json`), however it was named",
    "index": "which exchange of the recording, from 0",
    "provider": "whose API it is",
    "api": "the API by the recording's own label",
    "status": "`ok`, `unsupported` or `failed`",
    "result": "the answer, or what came of it before an error; null where there is none",
    "error": "the error, null where there is none: `kind`, `message` and `retry` (`safe`, `unsure`, `never`)",
    "job": "what was read of a job, null for all others",
    "voice": "what was read of speech or of a transcript, null for all others",
    "session": "what went through a session over a WebSocket, null for all others",
    "request_round_trip": "whether the request goes round; null where there is none, or nobody accepts it",
    "response_round_trip": "whether the reply goes round",
    "differences": "what differs, each with its place",
}

RESULT_FIELDS = {
    "text": "all text of the first choice",
    "reasoning": "all readable reasoning of the first choice",
    "tool_calls": "the tools that the caller is asked to run: `id`, `name`, and `arguments` as the model wrote them",
    "finish": "why the model stopped, in genmux's words; null for counts and embeddings",
    "finish_raw": "the same in the provider's words",
    "usage": "what was counted",
}

JOB_FIELDS = {
    "call": "`submit`, `poll`, `cancel` or `list`",
    "state": "where it stands; `accepted` for a job that was only taken",
    "raw": "the same in the provider's words",
    "outputs": "the addresses of what was made, shortened, or the media types of what came along",
    "filtered": "how many outputs the provider's content policy kept back",
    "message": "why it failed or was filtered",
    "text": "what was said beside the outputs",
    "usage": "what was counted, by meter",
    "jobs": "how many jobs a list has",
    "asks": "what would be asked next, where one reply is not enough",
}

SESSION_FIELDS = {
    "dialect": "which dialect its frames are of",
    "events": "how many events of each kind came",
    "commands": "how many commands of each kind the recording client sent",
}

READINGS = """- Output contains reasoning in every dialect; Grok's `completion_tokens` do not, so its reasoning tokens are added.
- Input contains audio; Mistral counts it beside `prompt_tokens`, so it is added.
- OpenAI's old `function_call` is a tool call with an empty id.
- A stream of Anthropic's ends with `message_stop`; what follows in a recording is not read.
- A tool that the provider runs itself is no tool call; it is carried, and not shown in `result`."""


def page() -> str:
    """The format, the equivalences and the exceptions."""
    parts = [heading("Replay", INTRODUCTION)]
    parts.append("## The line\n\n" + _meanings("field", FIELDS))
    parts.append(_meanings("status", STATUSES))
    parts.append("### `result`\n\n" + _meanings("field", RESULT_FIELDS))
    names = ", ".join(f"`{short}` ({meter})" for meter, short in outcome.USAGE_NAMES.items())
    parts.append(
        f"`usage` counts tokens: {names}. The first four are always there, null where the provider did not say. "
        "Input contains cached input, output contains reasoning. Other meters have their own names; `cost` is the price that "
        f"the provider stated, in US dollars.\n\nReadings in which other readers may differ:\n\n{READINGS}\n"
    )
    parts.append("### `job`\n\n" + _meanings("field", JOB_FIELDS))
    parts.append("### `session`\n\n" + _meanings("field", SESSION_FIELDS))
    parts.append("## What counts as equal\n\n### In requests\n")
    parts += [f"`{name}`:\n\n{_request_equivalences(name)}\n" for name in claiming.DIALECTS.values()]
    parts.append(f"### In replies\n\n{REPLIES}\n\n{_stream_equivalences()}")
    parts.append(f"## Exceptions\n\n{_exceptions()}")
    return "\n".join(parts)


def _meanings(name: str, meanings: dict[str, str]) -> str:
    return table((name, "meaning"), ((f"`{key}`", meaning) for key, meaning in meanings.items()))


def _request_equivalences(name: str) -> str:
    module = importlib.import_module(f"genmux.dialects.{name}.equivalence")
    told: dict[str, str] | None = getattr(module, "EQUIVALENCES", None)
    if told is not None:
        return "\n".join(f"- {text}" for text in told.values())
    items = re.findall(r"^\d+\. .*(?:\n   .*)*", inspect.getdoc(module) or "", re.MULTILINE)
    return "\n".join(items)


def _stream_equivalences() -> str:
    rows = [
        (f"`{name}`", f"`{same.pattern}`", f"`{same.becomes}`" if same.becomes else "–", same.reason)
        for name, places in equivalences.STREAM_PLACES.items()
        for same in places
    ]
    fillers = ", ".join(f"`{differences.shown(filler)}`" for filler in differences.FILLERS)
    return f"Fillers: {fillers}.\n\nPlaces in the events of a stream:\n\n" + table(
        ("dialect", "place", "is", "because"), rows
    )


def _exceptions() -> str:
    listed = tomllib.loads(EXCEPTIONS.read_text("utf-8"))["exception"]
    rows = [(row["file"], ", ".join(map(str, row["indexes"])), row["reason"]) for row in listed]
    count = sum(len(row["indexes"]) for row in listed)
    return (
        f"Of the collection of recordings that genmux is tested with, {count} exchanges are labelled `openai-chat` or "
        "`anthropic-messages` but belong to another API, and are `unsupported`. There is no other exception: all the "
        "others are `ok`, and their round trips are true where there is something to go round.\n\n"
        + table(("recording", "exchanges", "what it is"), rows)
    )
