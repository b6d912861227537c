"""`genmux usage`: what was used and what it cost, row by row or in groups; and forgetting end users."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated, Any

from cyclopts import App, Parameter

from genmux.cli.answers import money
from genmux.cli.api import admin
from genmux.cli.console import note, out, print_json, show_table, write
from genmux.cli.options import Reach, Switch

usage = App(name="usage", help="What was used and what it cost.")
usage.command(
    "genmux.cli.usage_reconcile:reconcile",
    name="reconcile",
    help="Compare our usage with what a provider exports, by day (UTC) and model.",
)

Several = Parameter(negative="", show_default=False)
"""An option that may be given more than once."""


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class Which:
    """Which requests are meant."""

    since: Annotated[str, Parameter(help="From when: a date, a time, or how long ago (12h, 30d, 4w).")] = "30d"
    until: Annotated[str | None, Parameter(help="Until when, which is not included. By default now.")] = None
    model: Annotated[
        tuple[str, ...], Several, Parameter(help="Only this model. Repeatable, like all that follow.")
    ] = ()
    provider: Annotated[tuple[str, ...], Several, Parameter(help="Only this provider.")] = ()
    operation: Annotated[tuple[str, ...], Several, Parameter(help="Only this operation, such as chat.")] = ()
    team: Annotated[tuple[str, ...], Several, Parameter(help="Only this team.")] = ()
    key_id: Annotated[tuple[str, ...], Several, Parameter(help="Only this gateway key, by its id.")] = ()
    end_user: Annotated[tuple[str, ...], Several, Parameter(help="Only this end user.")] = ()
    account: Annotated[tuple[str, ...], Several, Parameter(help="Only this account, by its name.")] = ()
    status: Annotated[
        tuple[str, ...], Several, Parameter(help="Only completed, failed, cancelled or refused ones.")
    ] = ()
    tag: Annotated[tuple[str, ...], Several, Parameter(help="Only those with this tag, as name=value.")] = ()
    tenant: Annotated[tuple[str, ...], Several, Parameter(help="Only this organisation.")] = ()
    time_zone: Annotated[str, Parameter(help="In which days and months begin, such as Europe/Berlin.")] = "UTC"

    def query(self) -> dict[str, Any]:
        """As the query of the native API."""
        listed = ("model", "provider", "operation", "team", "end_user", "account", "status", "tag", "tenant")
        told = {name: getattr(self, name) or None for name in listed}
        return {
            **told,
            "key": self.key_id or None,
            "from": self.since,
            "to": self.until,
            "time_zone": self.time_zone,
        }


@usage.default
def show(
    *,
    by: Annotated[
        tuple[str, ...],
        Several,
        Parameter(
            help="What to group by: model, provider, operation, day, month, hour, key, team, tag:NAME … Repeatable."
        ),
    ] = ("model",),
    csv: Annotated[bool, Switch, Parameter(help="Print CSV.")] = False,
    which: Which | None = None,
    common: Reach | None = None,
) -> None:
    """Show what was used, in groups with totals; by default by model in the last 30 days.

    An amount with + is at least that: some requests have no known cost. Percentiles of latency are approximate.
    """
    common, which = common or Reach(), which or Which()
    with admin(common) as api:
        if csv:
            write(api.text("/usage", group_by=by, format="csv", **which.query()))
            return
        first = page = api.get("/usage", group_by=by, limit=1_000, **which.query())
        lines: list[dict[str, Any]] = [*page["data"]]
        while page["next"] is not None:
            page = api.get("/usage", group_by=by, limit=1_000, cursor=page["next"], **which.query())
            lines += page["data"]
        if common.json:
            print_json({**first, "data": lines, "next": None})
            return
        names = list(lines[0]["group"]) if lines else []
        if "day" not in names and "hour" not in names and "month" not in names:
            lines.sort(key=lambda line: -Decimal(line["cost"]))
        _show(names, lines, first["totals"])
        if first["complete_since"]:
            note(f"Rows before {first['complete_since']} are no longer kept; they are not in these sums.")


def _show(names: Sequence[str], lines: Sequence[dict[str, Any]], totals: Sequence[dict[str, Any]]) -> None:
    if not lines:
        note("Nothing was used in that time.")
        return
    heading = (*names, "requests", "failed", "input", "cached", "output", "cost", "mean", "p95")
    rows = [(*(_name(line["group"][name]) for name in names), *_figures(line)) for line in lines]
    if names:
        blank = [""] * (len(names) - 1)
        rows += [("total", *blank, *_figures(total)) for total in totals]
    show_table(heading, rows)
    if others := _others(totals):
        note(others)


def _name(value: str | None) -> str:
    return "–" if value is None else value


def _figures(line: dict[str, Any]) -> tuple[str, ...]:
    meters, latency = line["meters"], line["latency"]
    counted = (meters.get(name, 0) for name in ("tokens.input", "tokens.input.cached", "tokens.output"))
    return (
        f"{line['requests']:,}",
        f"{line['failed']:,}" if line["failed"] else "",
        *(f"{count:,}" if count else "" for count in counted),
        amount(line["cost"], line["currency"], unknown=line["unknown"], requests=line["requests"]),
        seconds(latency and latency["mean"]),
        seconds(latency and latency["p95"]),
    )


def _others(totals: Sequence[dict[str, Any]]) -> str:
    """The meters that have no column."""
    shown = ("tokens.input", "tokens.input.cached", "tokens.output")
    found = [
        f"{count:,g} {meter}" for total in totals for meter, count in total["meters"].items() if meter not in shown
    ]
    return f"Also: {', '.join(found)}." if found else ""


def amount(text: str, currency: str, *, unknown: int = 0, requests: int = 0) -> str:
    """An amount for people; `+` where the cost of some requests is not known, `?` where that of all is not."""
    if unknown and unknown == requests:
        return "?"
    value = Decimal(text)
    shown = money(value) if currency == "USD" else f"{value.normalize():f} {currency}"
    return f"{shown}+" if unknown else shown


def seconds(value: float | None) -> str:
    """A time for people."""
    if value is None:
        return ""
    return f"{value * 1000:.0f} ms" if value < 1 else f"{value:.1f} s"


@usage.command
def records(
    *,
    limit: Annotated[int, Parameter(help="So many at most.")] = 50,
    csv: Annotated[bool, Switch, Parameter(help="Print all of them as CSV.")] = False,
    which: Which | None = None,
    common: Reach | None = None,
) -> None:
    """List single requests, the newest first."""
    common, which = common or Reach(), which or Which()
    with admin(common) as api:
        if csv:
            write(api.text("/usage/records", format="csv", **which.query()))
            return
        page = api.get("/usage/records", limit=limit, **which.query())
        if common.json:
            print_json(page)
            return
        rows = [_record(row) for row in page["data"]]
        show_table(("time", "model", "operation", "status", "input", "output", "cost", "latency", "id"), rows)
        if page["next"]:
            note(f"There are more; --limit shows them, --csv all of them. These are the newest {len(rows)}.")


def _record(row: dict[str, Any]) -> tuple[str, ...]:
    meters: dict[str, float] = row.get("meters", {})
    cost = row.get("cost")
    return (
        row["at"].partition(".")[0].rstrip("Z"),
        f"{row['provider']}/{row['model']}",
        row["operation"],
        row.get("error") or row["status"],
        *(f"{meters[name]:,}" if name in meters else "" for name in ("tokens.input", "tokens.output")),
        "?" if cost is None else amount(cost, row.get("currency", "USD")),
        seconds(row.get("latency")),
        row["id"],
    )


@usage.command
def content(record: Annotated[str, Parameter(help="The id of a request.")], /, *, common: Reach | None = None) -> None:
    """Print what was said in a request as JSON, where that is kept (`content = true` under [usage])."""
    with admin(common or Reach()) as api:
        print_json(api.get(f"/usage/content/{record}"))


@usage.command
def forget(
    *,
    end_user: Annotated[str, Parameter(help="Who is to be forgotten.")],
    tenant: Annotated[str | None, Parameter(help="Of which organisation; one's own by default.")] = None,
    common: Reach | None = None,
) -> None:
    """Remove what an end user said, and the name from all rows. Sums stay."""
    common = common or Reach()
    with admin(common) as api:
        done = api.delete("/usage/content", end_user=end_user, tenant=tenant)
        if common.json:
            print_json(done)
        else:
            out.print(
                f"{done['contents']} prompts with answers are removed, {done['records']} rows are without the name"
            )
