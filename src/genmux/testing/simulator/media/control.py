"""The pages of the simulator itself, below `/_simulator`: bills, jobs, webhooks, settings."""

from typing import TYPE_CHECKING, Any

from genmux.contract.dialect import Answer
from genmux.testing.simulator.http import Request
from genmux.testing.simulator.media.personality import reply
from genmux.testing.simulator.media.refusal import Refusal
from genmux.testing.simulator.media.script import DIRECTIVES

if TYPE_CHECKING:
    from genmux.testing.simulator.media.server import MediaSimulator

PREFIX = "/_simulator"


def control_page(simulator: "MediaSimulator", request: Request, query: dict[str, str], said: dict[str, Any]) -> Answer:
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
            return reply(200, {"personalities": simulator.urls, "pages": pages})
        case "GET", "bills":
            now = simulator.clock.now()
            return reply(
                200,
                {
                    "count": len(simulator.ledger.bills(now, only)),
                    "total": str(simulator.ledger.total(now)),
                    "absorbed": simulator.ledger.absorbed,
                    "doubles": simulator.ledger.doubles(),
                    "bills": simulator.ledger.bills(now, only),
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


def _command(simulator: "MediaSimulator", command: str, said: dict[str, Any], only: str | None) -> None:
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
