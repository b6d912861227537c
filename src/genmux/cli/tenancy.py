"""`genmux organisations`, `genmux teams` and `genmux audit`: who shares a gateway, and who changed what."""

from typing import Annotated, Any

import msgspec
from cyclopts import App, Parameter

from genmux.cli.api import admin
from genmux.cli.console import note, out, print_json, show_table
from genmux.cli.keys import Several, Tenant, find_team
from genmux.cli.limits import read_limits, show_limits, shown_moment
from genmux.cli.options import Reach

organisations = App(name="organisations", help="The organisations that share a gateway; none sees what another does.")
teams = App(name="teams", help="The teams of an organisation.")

Limits = Annotated[
    tuple[str, ...],
    Several,
    Parameter(help="A rate limit for all its keys together: '600 requests/minute'. Repeatable."),
]
Id = Annotated[str, Parameter(help="Its id.")]
TeamName = Annotated[str, Parameter(help="Its id or its name.")]


@organisations.command(name="create")
def create_organisation(
    organisation: Annotated[str, Parameter(help="Its id: small letters, digits and `-`.")],
    /,
    *,
    name: Annotated[str | None, Parameter(help="Its name for people.")] = None,
    limit: Limits = (),
    common: Reach | None = None,
) -> None:
    """Add an organisation."""
    common = common or Reach()
    with admin(common) as api:
        body = {"id": organisation, "name": name, "limits": read_limits(limit) or []}
        _told(api.post("/organisations", body), "is there", common)


@organisations.command(name="list")
def list_organisations(*, common: Reach | None = None) -> None:
    """List all organisations."""
    common = common or Reach()
    with admin(common) as api:
        found = api.get("/organisations")["data"]
        if common.json:
            print_json(found)
        else:
            rows = ((one["id"], one["name"], show_limits(one.get("limits", ()))) for one in found)
            show_table(("organisation", "name", "limits"), rows)


@organisations.command(name="update")
def update_organisation(
    organisation: Id,
    /,
    *,
    name: Annotated[str | None, Parameter(help="Another name.")] = None,
    limit: Limits = (),
    common: Reach | None = None,
) -> None:
    """Change an organisation. What is not said stays; `--limit none` takes all limits away."""
    common = common or Reach()
    with admin(common) as api:
        body = {"name": name, "limits": read_limits(limit)}
        _told(api.patch(f"/organisations/{organisation}", body), "is changed", common)


@organisations.command(name="remove")
def remove_organisation(organisation: Id, /, *, common: Reach | None = None) -> None:
    """Remove an organisation whose keys are all revoked; what it used stays known."""
    common = common or Reach()
    with admin(common) as api:
        api.delete(f"/organisations/{organisation}")
        _told({"id": organisation}, "is removed", common)


@teams.command(name="create")
def create_team(
    name: Annotated[str, Parameter(help="Its name.")],
    /,
    *,
    tenant: Tenant = None,
    limit: Limits = (),
    common: Reach | None = None,
) -> None:
    """Add a team to an organisation."""
    common = common or Reach()
    with admin(common) as api:
        _told(
            api.post("/teams", {"name": name, "tenant": tenant, "limits": read_limits(limit) or []}), "is there", common
        )


@teams.command(name="list")
def list_teams(*, tenant: Tenant = None, common: Reach | None = None) -> None:
    """List teams."""
    common = common or Reach()
    with admin(common) as api:
        found = api.get("/teams", tenant=tenant)["data"]
        if common.json:
            print_json(found)
        elif found:
            rows = ((one["name"], one["tenant"], show_limits(one.get("limits", ())), one["id"]) for one in found)
            show_table(("team", "organisation", "limits", "id"), rows)
        else:
            note("There are no teams; `genmux teams create NAME` adds one.")


@teams.command(name="update")
def update_team(
    team: TeamName,
    /,
    *,
    name: Annotated[str | None, Parameter(help="Another name.")] = None,
    tenant: Tenant = None,
    limit: Limits = (),
    common: Reach | None = None,
) -> None:
    """Change a team. What is not said stays; `--limit none` takes all limits away."""
    common = common or Reach()
    with admin(common) as api:
        body = {"name": name, "limits": read_limits(limit)}
        _told(api.patch(f"/teams/{find_team(api, team, tenant)}", body), "is changed", common)


@teams.command(name="remove")
def remove_team(team: TeamName, /, *, tenant: Tenant = None, common: Reach | None = None) -> None:
    """Remove a team whose keys are all revoked."""
    common = common or Reach()
    with admin(common) as api:
        api.delete(f"/teams/{find_team(api, team, tenant)}")
        _told({"id": team}, "is removed", common)


def audit(
    *,
    tenant: Tenant = None,
    kind: Annotated[str | None, Parameter(help="Only things of this kind, such as key or budget.")] = None,
    subject: Annotated[str | None, Parameter(help="Only this thing, by its id.")] = None,
    last: Annotated[int, Parameter(help="So many lines at most.")] = 50,
    common: Reach | None = None,
) -> None:
    """Show who changed what, the newest first."""
    common = common or Reach()
    with admin(common) as api:
        found: list[dict[str, Any]] = []
        for one in api.pages("/audit", tenant=tenant, kind=kind, subject=subject, limit=min(max(last, 1), 500)):
            if len(found) >= last:
                break
            found.append(one)
        if common.json:
            print_json(found)
            return
        rows = (
            (
                shown_moment(one["at"]),
                one.get("key") or one.get("role", "root"),
                one.get("address") or "",
                f"{one['action']} {one['kind']}",
                one["subject"],
                _changes(one.get("before"), one.get("after")),
            )
            for one in found
        )
        show_table(("when", "who", "from", "did", "to", "what changed"), rows)


def _changes(before: Any, after: Any) -> str:
    """The fields that differ, where there are fields."""
    if not isinstance(before, dict) or not isinstance(after, dict):
        return ""
    names = [name for name in {**before, **after} if before.get(name) != after.get(name)]
    return ", ".join(f"{name}: {_short(before.get(name))} → {_short(after.get(name))}" for name in names)


def _short(value: Any) -> str:
    return "–" if value is None else msgspec.json.encode(value).decode()[:60]


def _told(one: dict[str, Any], words: str, common: Reach) -> None:
    if common.json:
        print_json(one)
    else:
        out.print(f"{one.get('name') or one['id']} {words}")
