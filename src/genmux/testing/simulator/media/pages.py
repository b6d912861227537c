"""The pages of the simulator itself, below `/_simulator`: bills, jobs, webhooks, settings."""

from decimal import Decimal
from typing import Any

from genmux.contract.dialect import Answer
from genmux.testing.simulator.http import Request
from genmux.testing.simulator.media.controls import Controls
from genmux.testing.simulator.media.personality import reply
from genmux.testing.simulator.media.refusal import Refusal
from genmux.testing.simulator.media.script import DIRECTIVES

PREFIX = "/_simulator"


def control_page(simulator: Controls, request: Request, query: dict[str, str], said: dict[str, Any]) -> Answer:
    """Answer a request for one of the pages. Raises Refusal."""
    only = query.get("personality") or said.get("personality")
    match request.head.method, request.head.path.removeprefix(PREFIX).strip("/"):
        case "GET", "":
            pages = [
                "bills",
                "jobs",
                "hooks",
                "directives",
                "reset",
                "script",
                "next",
                "advance",
                "slots",
                "workers",
                "hook",
            ]
            return reply(200, {"personalities": list(simulator.people), "pages": pages})
        case "GET", "bills":
            bills = simulator.bills(only)
            return reply(
                200,
                {
                    "count": len(bills),
                    "total": str(sum((bill.charged for bill in bills), Decimal(0))),
                    "absorbed": simulator.ledger.absorbed,
                    "doubles": simulator.ledger.doubles(),
                    "bills": bills,
                },
            )
        case "GET", "jobs":
            return reply(200, {"jobs": simulator.jobs_shown(only), "polls": simulator.polls})
        case "GET", "hooks":
            return reply(200, {"hooks": list(simulator.delivered)})
        case "GET", "directives":
            return reply(200, {name: one.meaning for name, one in DIRECTIVES.items()})
        case "POST", command:
            _command(simulator, command, said, only)
            return reply(200, {})
        case method, page:
            raise Refusal("not_found", f"there is nothing at {method} {PREFIX}/{page}")


def _command(simulator: Controls, command: str, said: dict[str, Any], only: str | None) -> None:
    match command:
        case "reset":
            simulator.reset()
        case "script":
            simulator.script(said["script"], personality=only)
        case "next":
            simulator.upcoming(*said["scripts"], personality=only)
        case "advance":
            simulator.advance(float(said["seconds"]))
        case "slots":
            simulator.limit(slots=said["slots"], personality=only)
        case "workers":
            simulator.limit(workers=said["workers"], personality=only)
        case "hook":
            simulator.account_hook(said["url"], personality=only)
        case other:
            raise Refusal("not_found", f"there is no command {other!r}")
