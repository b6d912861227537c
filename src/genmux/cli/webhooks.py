"""`genmux webhooks`: where events are sent to, and what became of each delivery."""

from typing import Annotated, Any

from cyclopts import App, Parameter
from rich.text import Text

from genmux.cli.api import Api, admin
from genmux.cli.console import note, out, print_json, show_facts, show_table
from genmux.cli.limits import read_span, shown_moment
from genmux.cli.options import Reach, Switch
from genmux.types.errors import InvalidRequestError, NotFoundError

webhooks = App(name="webhooks", help="Send events to an address of yours: add, change, try and remove webhooks.")

STYLES = {"delivered": "green", "waiting": "yellow", "failed": "red"}

Which = Annotated[str, Parameter(help="The webhook: its id, its name or its address.")]
Types = Annotated[
    tuple[str, ...],
    Parameter(
        name="--type",
        negative="",
        show_default=False,
        help="Only events of this name, or beginning as generation.*; repeatable. All by default.",
    ),
]


@webhooks.command
def add(
    url: Annotated[str, Parameter(help="Where events are sent to: https://example.com/hook.")],
    /,
    *,
    types: Types = (),
    name: Annotated[str | None, Parameter(help="What it is for, in a few words.")] = None,
    tenant: Annotated[str | None, Parameter(help="Whose events: an organisation, or * for all (root).")] = None,
    common: Reach | None = None,
) -> None:
    """Send events from now on to an address. The secret that signs them is shown this once: put it away now."""
    common = common or Reach()
    with admin(common) as api:
        told = {"url": url, "types": types, "name": name, "tenant": tenant}
        made = api.post("/webhooks", {key: value for key, value in told.items() if value})
        _show_secret(made, common)
        if not common.json:
            note(f"`genmux webhooks test {made['webhook']['id']}` tries it.")


@webhooks.command(name="list")
def list_(
    *,
    tenant: Annotated[str | None, Parameter(help="Only those of this organisation.")] = None,
    common: Reach | None = None,
) -> None:
    """List all webhooks and how they stand."""
    common = common or Reach()
    with admin(common) as api:
        found = api.get("/webhooks", tenant=tenant)["data"]
    if common.json:
        print_json(found)
    elif found:
        show_table(("webhook", "address", "events", "state", "organisation", "id"), map(_row, found))
    else:
        note("There are no webhooks; `genmux webhooks add URL` adds one.")


@webhooks.command
def show(which: Which, /, *, common: Reach | None = None) -> None:
    """Show one webhook; never its secret."""
    common = common or Reach()
    with admin(common) as api:
        _tell(_found(api, which), common)


@webhooks.command
def update(
    which: Which,
    /,
    *,
    url: Annotated[str | None, Parameter(help="Another address.")] = None,
    types: Types = (),
    all_types: Annotated[bool, Switch, Parameter(help="Send all events.")] = False,
    name: Annotated[str | None, Parameter(help="Another name.")] = None,
    common: Reach | None = None,
) -> None:
    """Change a webhook. What is not said stays."""
    if types and all_types:
        raise InvalidRequestError("--type and --all-types are opposites; give one of them")
    common = common or Reach()
    with admin(common) as api:
        body: dict[str, Any] = {key: value for key, value in (("url", url), ("name", name)) if value is not None}
        if types or all_types:
            body["types"] = types
        _tell(api.patch(f"/webhooks/{_found(api, which)['id']}", body), common)


@webhooks.command
def enable(which: Which, /, *, common: Reach | None = None) -> None:
    """Let a webhook get what happens from now on."""
    _switch(which, common, enabled=True)


@webhooks.command
def disable(which: Which, /, *, common: Reach | None = None) -> None:
    """Send nothing more to a webhook."""
    _switch(which, common, enabled=False)


@webhooks.command
def rotate(
    which: Which,
    /,
    *,
    overlap: Annotated[str, Parameter(help="How long the old secret signs too: 0s, 12h, 7d.")] = "1d",
    common: Reach | None = None,
) -> None:
    """Give a webhook a new secret. It is shown this once."""
    common = common or Reach()
    with admin(common) as api:
        seconds = read_span(overlap, param="overlap").total_seconds()
        _show_secret(api.post(f"/webhooks/{_found(api, which)['id']}/rotate", {"overlap": seconds}), common)
        if not common.json:
            note(f"For {overlap} events are signed with the old secret too.")


@webhooks.command
def remove(which: Which, /, *, common: Reach | None = None) -> None:
    """Remove a webhook with its deliveries."""
    common = common or Reach()
    with admin(common) as api:
        found = _found(api, which)
        api.delete(f"/webhooks/{found['id']}")
    if common.json:
        print_json(found)
    else:
        out.print(f"nothing more is sent to {found['url']}")


@webhooks.command(name="test")
def try_(which: Which, /, *, common: Reach | None = None) -> None:
    """Send a test event now, and say what came of it."""
    common = common or Reach()
    with admin(common) as api:
        found = _found(api, which)
        done = api.post(f"/webhooks/{found['id']}/test")
    if common.json:
        print_json(done)
    elif done["state"] == "delivered":
        out.print(f"{found['url']} took it: HTTP {done['status']} after {done['seconds']:.2f} s")
    else:
        out.print(f"{found['url']} did not take it: {done['error']}")
    if done["state"] != "delivered":
        raise SystemExit(1)


@webhooks.command
def deliveries(
    which: Which,
    /,
    *,
    state: Annotated[str | None, Parameter(help="Only those that are waiting, delivered or failed.")] = None,
    limit: Annotated[int, Parameter(help="So many at most.")] = 50,
    common: Reach | None = None,
) -> None:
    """List what was sent, the newest first, and what became of it."""
    common = common or Reach()
    with admin(common) as api:
        path = f"/webhooks/{_found(api, which)['id']}/deliveries"
        found = api.get(path, state=state, limit=limit)["data"]
    if common.json:
        print_json(found)
    elif found:
        show_table(("time", "event", "about", "state", "attempts", "outcome", "id"), map(_delivery, found))
    else:
        note("There are no such deliveries.")


@webhooks.command
def redeliver(
    which: Which,
    event: Annotated[str | None, Parameter(help="The event's id; without it, all that failed.")] = None,
    /,
    *,
    common: Reach | None = None,
) -> None:
    """Send an event again, or everything that was given up."""
    common = common or Reach()
    with admin(common) as api:
        path = f"/webhooks/{_found(api, which)['id']}/deliveries"
        done = api.post(f"{path}/redeliver" if event is None else f"{path}/{event}/redeliver")
    if common.json:
        print_json(done)
    elif event is None:
        out.print(f"{done['deliveries']:,} deliveries are sent again")
    else:
        out.print(f"{done['type']} ({event}) is sent again")


def _switch(which: str, common: Reach | None, *, enabled: bool) -> None:
    common = common or Reach()
    with admin(common) as api:
        _tell(api.patch(f"/webhooks/{_found(api, which)['id']}", {"enabled": enabled}), common)


def _found(api: Api, which: str) -> dict[str, Any]:
    found = [one for one in api.get("/webhooks")["data"] if which in (one["id"], one.get("name"), one["url"])]
    exact = [one for one in found if which == one["id"]] or found
    if len(exact) == 1:
        return exact[0]
    ids = ", ".join(one["id"] for one in exact)
    message = (
        f"there are {len(exact)} webhooks {which!r}; give the id of one: {ids}"
        if exact
        else f"there is no webhook {which!r}; `genmux webhooks list` shows all"
    )
    raise NotFoundError(message)


def _show_secret(made: dict[str, Any], common: Reach) -> None:
    if common.json:
        print_json(made)
        return
    out.print(made["secret"])
    note(f"This is the secret of {made['webhook']['url']}; it is shown only now.")


def _tell(one: dict[str, Any], common: Reach) -> None:
    if common.json:
        print_json(one)
    else:
        show_facts(_facts(one))


def _state(one: dict[str, Any]) -> Text:
    if not one.get("enabled", True):
        return Text("disabled", style="dim")
    if failures := one.get("failures"):
        return Text(f"failed {failures:,} times in a row", style="red")
    return Text("well" if one.get("last_at") else "not used yet", style="green" if one.get("last_at") else "")


def _row(one: dict[str, Any]) -> tuple[str | Text, ...]:
    types = ", ".join(one.get("types", ())) or "all"
    return (one.get("name") or "", one["url"], types, _state(one), one["tenant"], one["id"])


def _facts(one: dict[str, Any]) -> list[tuple[str, str]]:
    return [
        ("id", one["id"]),
        ("name", one.get("name") or ""),
        ("address", one["url"]),
        ("events", ", ".join(one.get("types", ())) or "all"),
        ("organisation", "all" if one["tenant"] == "*" else one["tenant"]),
        ("state", _state(one).plain),
        ("why", one.get("reason") or ""),
        ("created", shown_moment(one["created_at"])),
        ("last sent", shown_moment(one.get("last_at"))),
        ("last status", str(one.get("last_status") or "")),
    ]


def _delivery(one: dict[str, Any]) -> tuple[str | Text, ...]:
    outcome = one.get("error") or (f"HTTP {one['status']}" if one.get("status") else "")
    if one.get("next_at"):
        outcome = f"{outcome}, again at {one['next_at'][11:19]}".lstrip(", ")
    return (
        one["created_at"][:19].replace("T", " "),
        one["type"],
        one.get("subject") or "",
        Text(one["state"], style=STYLES[one["state"]]),
        str(one.get("attempts", 0)),
        outcome,
        one["event"],
    )
