"""`genmux keys`: the keys of the gateway."""

from dataclasses import dataclass
from typing import Annotated, Any

from cyclopts import App, Parameter
from rich.text import Text

from genmux.cli.api import Api, admin
from genmux.cli.console import note, out, print_json, show_facts, show_table
from genmux.cli.limits import read_limits, read_moment, read_span, read_tags, show_limits, shown_moment
from genmux.cli.options import Reach
from genmux.types.errors import NotFoundError

keys = App(name="keys", help="The keys of the gateway: issue, list, change, rotate and revoke them.")

Several = Parameter(negative="", show_default=False)
"""An option that may be given more than once."""

Which = Annotated[str, Parameter(help="The key: its id, its beginning as the list shows it, or its name.")]
Tenant = Annotated[str | None, Parameter(help="Of which organisation.")]


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class Terms:
    """What a key may be used for, and how fast."""

    team: Annotated[str | None, Parameter(help="The team that it belongs to: its id or its name.")] = None
    role: Annotated[str | None, Parameter(help="member makes calls, admin manages its organisation, root all.")] = None
    expires: Annotated[str | None, Parameter(help="When it ends: 2026-12-31, or a span from now, such as 30d.")] = None
    operation: Annotated[tuple[str, ...], Several, Parameter(help="Only for this, such as chat. Repeatable.")] = ()
    model: Annotated[
        tuple[str, ...], Several, Parameter(help="Only for models like this: openai/*, route/fast. Repeatable.")
    ] = ()
    provider: Annotated[tuple[str, ...], Several, Parameter(help="Only for this provider. Repeatable.")] = ()
    network: Annotated[tuple[str, ...], Several, Parameter(help="Only from there: 10.0.0.0/8. Repeatable.")] = ()
    limit: Annotated[
        tuple[str, ...],
        Several,
        Parameter(help="A rate limit: '60 requests/minute', '1000000 tokens/day', '4 concurrent'. Repeatable."),
    ] = ()
    end_users: Annotated[
        str | None, Parameter(help="Whether calls name the end user: optional, required, ignored.")
    ] = None
    end_user_limit: Annotated[
        tuple[str, ...], Several, Parameter(help="A rate limit for each single end user. Repeatable.")
    ] = ()
    tag: Annotated[tuple[str, ...], Several, Parameter(help="A tag on all it does, as name=value. Repeatable.")] = ()

    def body(self, api: Api, tenant: str | None) -> dict[str, Any]:
        """What was said, as the API takes it."""
        lists = (
            ("operations", self.operation),
            ("models", self.model),
            ("providers", self.provider),
            ("networks", self.network),
        )
        told: dict[str, Any] = {
            "team": None if self.team is None else find_team(api, self.team, tenant),
            "role": self.role,
            "expires_at": None if self.expires is None else read_moment(self.expires, param="expires"),
            "allow": {name: [*names] for name, names in lists if names} or None,
            "limits": read_limits(self.limit),
            "end_users": self._end_users(),
            "tags": read_tags(self.tag) or None,
        }
        return {name: value for name, value in told.items() if value is not None}

    def _end_users(self) -> dict[str, Any] | None:
        told: dict[str, Any] = {"rule": self.end_users, "limits": read_limits(self.end_user_limit)}
        return {name: value for name, value in told.items() if value is not None} or None


@keys.command
def create(
    name: Annotated[str, Parameter(help="What it is for, in a few words.")],
    /,
    *,
    tenant: Tenant = None,
    terms: Terms | None = None,
    common: Reach | None = None,
) -> None:
    """Issue a key. It is shown this once: put it away now.

    From the first key on, the gateway serves nobody without one.
    """
    common = common or Reach()
    with admin(common) as api:
        body = {"name": name} | ({"tenant": tenant} if tenant else {}) | (terms or Terms()).body(api, tenant)
        _show_issued(api.post("/keys", body), common)


@keys.command(name="list")
def list_(
    *,
    tenant: Tenant = None,
    team: Annotated[str | None, Parameter(help="Only those of this team: its id or its name.")] = None,
    common: Reach | None = None,
) -> None:
    """List all keys, the newest first."""
    common = common or Reach()
    with admin(common) as api:
        team = None if team is None else find_team(api, team, tenant)
        found = [*api.pages("/keys", tenant=tenant, team=team)]
        if common.json:
            print_json(found)
        elif found:
            heading = ("key", "name", "organisation", "role", "state", "limits", "last used", "id")
            show_table(heading, map(_row, found))
        else:
            note("There are no keys; `genmux keys create NAME` issues one.")


@keys.command
def show(which: Which, /, *, common: Reach | None = None) -> None:
    """Show all that is known of a key; its text is not."""
    common = common or Reach()
    with admin(common) as api:
        found = _found(api, which)
        if common.json:
            print_json(found)
        else:
            show_facts(_facts(found))


@keys.command
def update(
    which: Which,
    /,
    *,
    name: Annotated[str | None, Parameter(help="Another name.")] = None,
    terms: Terms | None = None,
    common: Reach | None = None,
) -> None:
    """Change a key. What is not said stays; `--limit none` takes all limits away."""
    common = common or Reach()
    with admin(common) as api:
        found = _found(api, which)
        body = (terms or Terms()).body(api, found["tenant"]) | ({} if name is None else {"name": name})
        changed = api.patch(f"/keys/{found['id']}", body)
        if common.json:
            print_json(changed)
        else:
            show_facts(_facts(changed))


@keys.command
def rotate(
    which: Which,
    /,
    *,
    overlap: Annotated[str, Parameter(help="How long the old one works on: 0s, 12h, 7d.")] = "1d",
    common: Reach | None = None,
) -> None:
    """Replace a key by a new one that is like it. It is shown this once."""
    common = common or Reach()
    with admin(common) as api:
        seconds = read_span(overlap, param="overlap").total_seconds()
        issued = api.post(f"/keys/{_found(api, which)['id']}/rotate", {"overlap": seconds})
        _show_issued(issued, common)
        if not common.json:
            note(f"The old key works on for {overlap}.")


@keys.command
def revoke(which: Which, /, *, common: Reach | None = None) -> None:
    """End a key, at once and for ever."""
    common = common or Reach()
    with admin(common) as api:
        revoked = api.post(f"/keys/{_found(api, which)['id']}/revoke")
        if common.json:
            print_json(revoked)
        else:
            out.print(f"{revoked['prefix']}… ({revoked['name']}) is revoked")


def find_team(api: Api, team: str, tenant: str | None) -> str:
    """The id of a team that is given by id or name. Raises NotFoundError."""
    found = [one for one in api.get("/teams", tenant=tenant)["data"] if team in (one["id"], one["name"])]
    if len(found) == 1:
        return found[0]["id"]
    message = f"there are {len(found)} teams {team!r}; say of which --tenant" if found else f"there is no team {team!r}"
    raise NotFoundError(message, param="team")


def _found(api: Api, which: str) -> dict[str, Any]:
    found = [
        one
        for one in api.pages("/keys", limit=500)
        if which in (one["id"], one["name"], one["prefix"]) or which.startswith(one["prefix"])
    ]
    exact = [one for one in found if which == one["id"]] or found
    if len(exact) == 1:
        return exact[0]
    message = (
        f"there are {len(exact)} keys {which!r}; give the id of one: {', '.join(one['id'] for one in exact)}"
        if exact
        else "there is no such key; `genmux keys list` shows all"
    )
    raise NotFoundError(message)


def _show_issued(issued: dict[str, Any], common: Reach) -> None:
    if common.json:
        print_json(issued)
        return
    out.print(issued["text"])
    note(f"This is the key {issued['key']['name']!r}; it is shown only now, and kept nowhere.")


def _state(one: dict[str, Any]) -> Text:
    if one.get("revoked_at"):
        return Text("revoked", style="red")
    end = shown_moment(one.get("expires_at"))
    if one.get("rotated_to"):
        return Text(f"replaced, ends {end}", style="yellow")
    return Text(f"ends {end}") if end else Text("valid", style="green")


def _row(one: dict[str, Any]) -> tuple[str | Text, ...]:
    return (
        f"{one['prefix']}…",
        one["name"],
        one["tenant"],
        one.get("role", "member"),
        _state(one),
        show_limits(one.get("limits", ())),
        shown_moment(one.get("last_used")),
        one["id"],
    )


def _facts(one: dict[str, Any]) -> list[tuple[str, str]]:
    allow, end_users = one.get("allow", {}), one.get("end_users", {})
    return [
        ("key", f"{one['prefix']}…"),
        ("id", one["id"]),
        ("name", one["name"]),
        ("organisation", one["tenant"]),
        ("team", one.get("team") or ""),
        ("role", one.get("role", "member")),
        ("state", _state(one).plain),
        ("created", shown_moment(one["created"])),
        ("last used", shown_moment(one.get("last_used"))),
        *((name, ", ".join(allow.get(name, ()))) for name in ("operations", "models", "providers", "networks")),
        ("limits", show_limits(one.get("limits", ()))),
        ("end users", end_users.get("rule", "optional")),
        ("of each", show_limits(end_users.get("limits", ()))),
        ("tags", ", ".join(f"{name}={value}" for name, value in one.get("tags", {}).items())),
        ("replaced by", one.get("rotated_to") or ""),
    ]
