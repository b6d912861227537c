"""`genmux usage reconcile`: our usage beside what a provider exports or bills."""

import datetime
from collections.abc import Iterable, Sequence
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

from genmux.cli.answers import money
from genmux.cli.api import Api, admin
from genmux.cli.console import note, print_json, show_table
from genmux.cli.options import Reach, Switch
from genmux.types.errors import InvalidRequestError

if TYPE_CHECKING:
    from genmux.services.usage.reconcile import Compared, Figures, Ours, Reconciliation, Theirs

DIFFERS = 1
"""What the command exits with when something is beyond the tolerance."""

_ONE_DAY = datetime.timedelta(days=1)
_MOST_CORRECTIONS = 5_000


def reconcile(  # noqa: PLR0913 — one option each
    files: Annotated[
        tuple[Path, ...],
        Parameter(help="What the provider exported: CSV or JSON. Costs and usage may be in several files."),
    ],
    /,
    *,
    provider: Annotated[
        str, Parameter(name=("--provider", "-p"), help="Whose files: openai, anthropic or openrouter.")
    ],
    since: Annotated[
        datetime.date | None, Parameter(name=("--from", "--since"), help="The first day; by default that of the files.")
    ] = None,
    until: Annotated[
        datetime.date | None, Parameter(name=("--to", "--until"), help="The last day; by default that of the files.")
    ] = None,
    tolerance: Annotated[str, Parameter(help="What may differ, such as 1% or 0.01.")] = "1%",
    tenant: Annotated[str | None, Parameter(help="Only one organisation's usage.")] = None,
    all_lines: Annotated[bool, Switch, Parameter(name="--all", help="Also show what does not differ.")] = False,
    correct: Annotated[
        bool,
        Switch,
        Parameter(
            help="Book the file's cost of single requests where ours is unknown or estimated (OpenRouter's activity)."
        ),
    ] = False,
    common: Reach | None = None,
) -> None:
    """Compare our usage with what a provider exports, by day (UTC) and model.

    Exits with 1 when something differs by more than the tolerance. Files are OpenAI's costs and usage (API or dashboard),
    Anthropic's usage and cost reports (API or console), OpenRouter's activity (API or page).
    """
    common = common or Reach()
    with admin(common) as api:
        from genmux.services.usage.reconcile import compare, read_file, read_tolerance

        allowed = read_tolerance(tolerance)
        read = [entry for file in files for entry in read_file(str(file), _content(file), provider=provider)]
        first, last = _days(read, since, until)
        theirs = [entry for entry in read if first <= entry.day <= last]
        span = {"from": first.isoformat(), "to": (last + _ONE_DAY).isoformat(), "tenant": tenant}
        corrected = _correct(api, theirs, provider, span) if correct else None
        done = compare(_ours(api, provider, span), theirs, tolerance=allowed)
        _tell(done, corrected, all_lines=all_lines, as_json=common.json)
        if done.differs:
            raise SystemExit(DIFFERS)


def _content(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        message = f"{file}: cannot be read: {error.strerror or error}"
        raise InvalidRequestError(message, param="file") from error


def _days(
    theirs: "Sequence[Theirs]", since: datetime.date | None, until: datetime.date | None
) -> tuple[datetime.date, datetime.date]:
    """The days that are compared: those that the files speak of, or that were asked for."""
    days = [entry.day for entry in theirs]
    first, last = since or min(days, default=None), until or max(days, default=None)
    if first is None or last is None:
        message = "there is no entry in the files; `--from` and `--to` say which days they are for"
        raise InvalidRequestError(message, param="files")
    if first > last:
        message = f"the first day, {first}, is after the last, {last}"
        raise InvalidRequestError(message, param="from")
    return first, last


def _ours(api: Api, provider: str, span: dict[str, Any]) -> "Iterable[Ours]":
    from genmux.services.usage.reconcile import Ours

    for line in api.pages("/usage", group_by=["day", "model"], provider=provider, limit=1_000, **span):
        meters = line["meters"]
        yield Ours(
            day=datetime.date.fromisoformat(line["group"]["day"]),
            model=line["group"]["model"] or "",
            cost=Decimal(line["cost"]),
            currency=line["currency"],
            input=meters.get("tokens.input", 0),
            output=meters.get("tokens.output", 0),
            requests=line["requests"],
            unknown=line["unknown"],
        )


def _correct(api: Api, theirs: "Sequence[Theirs]", provider: str, span: dict[str, Any]) -> dict[str, Any]:
    costs = {
        one.request_id: str(one.cost) for one in theirs if one.request_id and one.cost is not None and one.cost >= 0
    }
    if not costs:
        message = "`--correct` needs single requests with their ids, which these files do not have"
        raise InvalidRequestError(message, param="correct")
    told = {"provider": provider, "since": span["from"], "until": span["to"], "tenant": span["tenant"]}
    ids = list(costs)
    records, amount = 0, Decimal(0)
    for place in range(0, len(ids), _MOST_CORRECTIONS):
        piece = {id_: costs[id_] for id_ in ids[place : place + _MOST_CORRECTIONS]}
        done = api.post("/usage/corrections", {**told, "costs": piece})
        records += done["records"]
        amount += Decimal(done["amount"])
    return {"records": records, "amount": str(amount)}


def _tell(done: "Reconciliation", corrected: dict[str, Any] | None, *, all_lines: bool, as_json: bool) -> None:
    if as_json:
        import msgspec

        told = msgspec.to_builtins(done)
        print_json(told if corrected is None else {**told, "corrected": corrected})
        return
    if corrected is not None:
        note(
            f"{corrected['records']} requests got the cost that the file has, {money(Decimal(corrected['amount']))} in all."
        )
    shown = [line for line in done.lines if all_lines or line.verdict not in ("equal", "within_tolerance")]
    heading = ("day", "model", "ours", "theirs", "difference", "input", "theirs", "output", "theirs", "verdict")
    show_table(heading, [_row(line) for line in (*shown, *done.totals)])
    if left := len(done.lines) - len(shown):
        note(f"{left} more lines are equal or within the tolerance; --all shows them.")
    if unknown := sum(line.unknown for line in done.totals):
        note(f"{unknown} of our requests have no known cost.")


def _row(line: "Compared") -> tuple[str, ...]:
    pairs = ((_count(line.ours, name), _count(line.theirs, name)) for name in ("input", "output"))
    return (
        line.day.isoformat() if line.day else "total",
        line.model or "",
        _cost(line.ours, line.currency),
        _cost(line.theirs, line.currency),
        _amount(line.difference, line.currency),
        *(cell for pair in pairs for cell in pair),
        line.verdict.replace("_", " "),
    )


def _cost(side: "Figures | None", currency: str) -> str:
    return "" if side is None else _amount(side.cost, currency)


def _amount(amount: Decimal | None, currency: str) -> str:
    """To the micro-unit, as a plain number: these are subtracted from each other by whoever reads them."""
    if amount is None:
        return ""
    shown = f"{amount.quantize(Decimal('0.000001')):,f}".rstrip("0").rstrip(".")
    return shown if currency == "USD" else f"{shown} {currency}"


def _count(side: "Figures | None", name: str) -> str:
    count: int | None = getattr(side, name, None)
    return "" if count is None else f"{count:,}"
