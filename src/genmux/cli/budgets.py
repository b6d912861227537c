"""`genmux budgets`: hard limits on what may be spent."""

from decimal import Decimal
from typing import Annotated, Any

from cyclopts import App, Parameter
from rich.text import Text

from genmux.cli.api import Api, admin
from genmux.cli.console import note, out, print_json, show_facts, show_table, warn
from genmux.cli.keys import Several, Tenant, find_team
from genmux.cli.limits import read_span, shown_moment
from genmux.cli.options import Reach
from genmux.types.errors import InvalidRequestError

budgets = App(name="budgets", help="Hard limits on what may be spent, and what stands against them.")

Id = Annotated[int, Parameter(help="The budget's number, as the list shows it.")]
Unknown = Annotated[
    str | None,
    Parameter(help="What happens to requests of unknown price: refuse, warn, use_limit (hold all that is left)."),
]
Alerts = Annotated[
    tuple[float, ...],
    Several,
    Parameter(help="A share of the limit at which an event is told, such as 0.8. Repeatable."),
]

KINDS = "organisation, team, key, tag, end_user or account"


@budgets.command
def create(  # noqa: PLR0913 — one option each
    limit: Annotated[Decimal, Parameter(help="The most that may be spent in a period.")],
    /,
    *,
    scope: Annotated[
        str | None,
        Parameter(
            help=f"Whose spending: KIND:ID with {KINDS}; `key:*` gives each key one. By default the organisation's."
        ),
    ] = None,
    period: Annotated[str, Parameter(help="day, week, month, total, or a sliding span such as 24h.")] = "month",
    time_zone: Annotated[str, Parameter(help="Where days, weeks and months begin at midnight.")] = "UTC",
    currency: Annotated[str, Parameter(help="Of the limit.")] = "USD",
    unknown_price: Unknown = None,
    alert: Alerts = (),
    name: Annotated[str | None, Parameter(help="A name for people.")] = None,
    tenant: Tenant = None,
    common: Reach | None = None,
) -> None:
    """Add a budget: it limits what is spent from now on."""
    common = common or Reach()
    with admin(common) as api:
        body = {
            "scope": _scope(api, scope, tenant),
            "limit": str(limit),
            **_period(period),
            "time_zone": time_zone,
            "currency": currency,
            **({} if unknown_price is None else {"unknown_price": unknown_price}),
            **({"alerts": alert} if alert else {}),
            "name": name,
        }
        _shown(api.post("/budgets", body, tenant=tenant), common)


@budgets.command(name="list")
def list_(
    *,
    scope: Annotated[str | None, Parameter(help=f"Only of this scope: KIND:ID or KIND:*, with {KINDS}.")] = None,
    tenant: Tenant = None,
    common: Reach | None = None,
) -> None:
    """List budgets and how they stand."""
    common = common or Reach()
    with admin(common) as api:
        found = [*api.pages("/budgets", scope=scope, tenant=tenant)]
        if common.json:
            print_json(found)
        elif found:
            heading = ("budget", "scope", "name", "limit", "spent", "held", "left", "period", "ends")
            show_table(heading, map(_row, found))
        else:
            note("There are no budgets; `genmux budgets create LIMIT` adds one.")


@budgets.command
def show(budget: Id, /, *, tenant: Tenant = None, common: Reach | None = None) -> None:
    """Show how a budget stands."""
    common = common or Reach()
    with admin(common) as api:
        _shown(api.get(f"/budgets/{budget}", tenant=tenant), common)


@budgets.command
def update(  # noqa: PLR0913 — one option each
    budget: Id,
    /,
    *,
    limit: Annotated[Decimal | None, Parameter(help="Another limit; what is held stays held.")] = None,
    unknown_price: Unknown = None,
    alert: Alerts = (),
    name: Annotated[str | None, Parameter(help="Another name.")] = None,
    tenant: Tenant = None,
    common: Reach | None = None,
) -> None:
    """Change a budget. What is not said stays; scope, period and currency stay always."""
    common = common or Reach()
    told = {
        "limit": None if limit is None else str(limit),
        "unknown_price": unknown_price,
        "alerts": alert or None,
        "name": name,
    }
    with admin(common) as api:
        body = {field: value for field, value in told.items() if value is not None}
        _shown(api.patch(f"/budgets/{budget}", body, tenant=tenant), common)


@budgets.command
def remove(budget: Id, /, *, tenant: Tenant = None, common: Reach | None = None) -> None:
    """Remove a budget: it limits nothing more. Its lines stay."""
    common = common or Reach()
    with admin(common) as api:
        api.delete(f"/budgets/{budget}", tenant=tenant)
        if common.json:
            print_json({"id": budget, "removed": True})
        else:
            out.print(f"budget {budget} is removed")


@budgets.command
def reset(budget: Id, /, *, tenant: Tenant = None, common: Reach | None = None) -> None:
    """Strike off what a budget has spent in this period."""
    common = common or Reach()
    with admin(common) as api:
        _shown(api.post(f"/budgets/{budget}/reset", tenant=tenant), common)


@budgets.command
def entries(
    budget: Id,
    /,
    *,
    last: Annotated[int, Parameter(help="So many lines at most.")] = 50,
    tenant: Tenant = None,
    common: Reach | None = None,
) -> None:
    """Show what was booked on a budget, line by line, the newest first."""
    common = common or Reach()
    with admin(common) as api:
        found: list[dict[str, Any]] = []
        for one in api.pages(f"/budgets/{budget}/entries", tenant=tenant, limit=min(max(last, 1), 1_000)):
            if len(found) >= last:
                break
            found.append(one)
        _show_entries(found, common)


@budgets.command
def verify(*, tenant: Tenant = None, common: Reach | None = None) -> None:
    """Check that all balances are the sums of their lines. Exits with 1 when one is not."""
    common = common or Reach()
    with admin(common) as api:
        found = api.post("/budgets/verify", tenant=tenant)["data"]
        if common.json:
            print_json(found)
        elif found:
            rows = ((str(one["budget"]), one["tenant"], one["what"], one["balance"], one["sum"]) for one in found)
            show_table(("budget", "organisation", "what", "balance", "sum of lines"), rows)
        else:
            out.print("All balances are the sums of their lines.")
    if found:
        raise SystemExit(1)


@budgets.command
def correct(
    subject: Annotated[str, Parameter(help="The request, by the id of its usage row.")],
    amount: Annotated[Decimal, Parameter(help="What it did cost after all.")],
    /,
    *,
    tenant: Tenant = None,
    common: Reach | None = None,
) -> None:
    """Book what a request did cost, in place of what was booked or presumed."""
    common = common or Reach()
    with admin(common) as api:
        done = api.post("/budgets/correct", {"subject": subject, "amount": str(amount)}, tenant=tenant)
        _show_entries(done["data"], common)


def _scope(api: Api, text: str | None, tenant: str | None) -> dict[str, str]:
    if text is None:
        return {"kind": "organisation", "id": tenant or api.get("/me")["organisation"]}
    kind, found, name = text.partition(":")
    if not found or not name:
        message = f"the scope {text!r} cannot be read; say it as KIND:ID, with {KINDS}"
        raise InvalidRequestError(message, param="scope")
    if kind == "team" and name != "*":
        name = find_team(api, name, tenant)
    return {"kind": kind, "id": name}


def _period(text: str) -> dict[str, Any]:
    if text in ("day", "week", "month", "total"):
        return {"period": text}
    return {"period": "sliding", "seconds": int(read_span(text, param="period").total_seconds())}


def _shown(one: dict[str, Any], common: Reach) -> None:
    if common.json:
        print_json(one)
        return
    if one["note"]:
        warn(one["note"])
    show_facts(
        [
            ("budget", str(one["id"])),
            ("scope", _scope_words(one)),
            ("organisation", one["tenant"]),
            ("name", one["name"] or ""),
            ("period", _period_words(one)),
            *((name, _amount(one, name)) for name in ("limit", "spent", "held", "left")),
            *((name, _amount(one, name)) for name in ("presumed", "overrun", "leased") if Decimal(one[name])),
            ("since", shown_moment(one["since"])),
            ("until", shown_moment(one["until"])),
            ("unknown prices", one["unknown_price"]),
            ("alerts", ", ".join(f"{share:.0%}" for share in one["alerts"])),
        ]
    )


def _row(one: dict[str, Any]) -> tuple[str | Text, ...]:
    empty = not Decimal(one["left"])
    return (
        str(one["id"]),
        _scope_words(one),
        one["name"] or "",
        _amount(one, "limit"),
        _amount(one, "spent"),
        _amount(one, "held"),
        Text(_amount(one, "left"), style="red" if empty else ""),
        _period_words(one),
        shown_moment(one["until"]),
    )


def _show_entries(found: list[dict[str, Any]], common: Reach) -> None:
    if common.json:
        print_json(found)
        return
    rows = (
        (shown_moment(one["at"]), one["kind"], one["subject"], one["held"], one["spent"], one["presumed"])
        for one in found
    )
    show_table(("when", "what", "for", "held", "spent", "presumed"), rows)


def _scope_words(one: dict[str, Any]) -> str:
    return f"{one['scope']['kind']}:{one['scope']['id']}"


def _period_words(one: dict[str, Any]) -> str:
    return f"any {one['seconds']:,} s" if one["period"] == "sliding" else f"{one['period']} ({one['time_zone']})"


def _amount(one: dict[str, Any], name: str) -> str:
    return f"{Decimal(one[name]).normalize():f} {one['currency']}"
