"""Omni: videos through the Interactions API, in the background.

Sources: ai.google.dev/gemini-api/docs/omni (2026-09-10: input, tags, delivery, limits), google-genai 3.6.1 (fields, statuses),
and what users saw live: github.com/TanStack/ai/issues/871 and pull 886 (2026-07: `background`, durations), and that a refusal
comes as a success with words and no video. Read 2026-11-27.
"""

from genmux.contract.error_map import classify
from genmux.contract.failures import FailureTable
from genmux.contract.http import HttpReply, HttpRequest, json_request, malformed
from genmux.contract.inputs import MediaRequest
from genmux.contract.jobs import Prepared, Steps, no_steps
from genmux.contract.model import Model
from genmux.contract.statuses import StatusTable
from genmux.providers.google.content import INTERACTION, Interaction
from genmux.providers.google.failing import failure
from genmux.providers.google.omni_input import format_of, input_of, notes_of, task_of
from genmux.providers.google.omni_result import finished
from genmux.providers.google.usage import interaction_usage
from genmux.types.jobs import Accepted, Cancelled, Ended, JobState, Pending, Processing, Ticket


class OmniWire:
    """Starts an interaction and asks for it by its id."""

    def __init__(self, statuses: StatusTable, failures: FailureTable) -> None:
        self._statuses = statuses
        self._failures = failures

    def prepare(self, request: MediaRequest, model: Model) -> Steps[Prepared]:
        """Write the request; nothing is sent."""
        task = task_of(request)
        body = {
            "model": model.wire_id,
            "input": input_of(request),
            "background": True,
            "response_format": format_of(request),
        } | ({"generation_config": {"video_config": {"task": task}}} if task else {})
        return no_steps(Prepared(request=request, model=model, body=body, warnings=notes_of(request)))

    def submit(self, prepared: Prepared, key: str, callback: str | None) -> HttpRequest:
        """Start the interaction."""
        del key, callback
        return json_request("/interactions", prepared.body)

    def submitted(self, reply: HttpReply, prepared: Prepared) -> Accepted | Ended:
        """The interaction's id is the ticket. Raises ProviderError where there is none."""
        del prepared
        interaction = _read(reply)
        return Accepted(ticket={"interaction": interaction.id})

    def poll(self, ticket: Ticket) -> Steps[JobState]:
        """Ask for the interaction, and when it is over, whether its file is there yet."""
        reply = yield HttpRequest(method="GET", url=_address(ticket), read_only=True)
        interaction = _read(reply)
        raw = interaction.status
        match self._statuses(raw):
            case "pending":
                return Pending(raw=raw)
            case "processing":
                return Processing(raw=raw)
            case "cancelled":
                return Cancelled(usage=interaction_usage(interaction.usage), raw=raw)
            case "completed":
                return (yield from finished(interaction, self._failures))
            case _:
                told = interaction.error or next(iter(interaction.errors), {"message": f"the interaction is {raw}"})
                return failure(self._failures, told, raw=raw, usage=interaction_usage(interaction.usage))

    def cancel(self, ticket: Ticket) -> Steps[None]:
        """Stop an interaction that runs in the background."""
        yield HttpRequest(method="POST", url=f"{_address(ticket)}/cancel", free=True)


def _read(reply: HttpReply) -> Interaction:
    """The interaction. Raises ProviderError for a reply that is none, such as an error that looks like a success."""
    interaction = reply.read(INTERACTION)
    if interaction.id:
        return interaction
    raise classify(reply) if interaction.error is not None else malformed("the interaction has no id")


def _address(ticket: Ticket) -> str:
    return f"/interactions/{ticket['interaction']}"
