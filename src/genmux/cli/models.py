"""`genmux models`: which models there are, what they cost, and everything about one of them."""

from decimal import Decimal
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter
from rich.text import Text

from genmux.cli.console import note, print_json, show_facts, show_table
from genmux.cli.options import Common, Switch
from genmux.cli.session import connected

if TYPE_CHECKING:
    from genmux.services.catalog import ModelInfo
    from genmux.types.money import Price


def models(  # noqa: PLR0913 — one option each
    name: Annotated[
        str | None, Parameter(help="Only those with this in their name; a whole name shows everything about it.")
    ] = None,
    /,
    *,
    provider: Annotated[str | None, Parameter(name=("--provider", "-p"), help="Only those of one provider.")] = None,
    operation: Annotated[str | None, Parameter(help="Only those that can do this, such as embed.")] = None,
    feature: Annotated[
        tuple[str, ...],
        Parameter(
            name=("--feature", "-f"),
            help="A feature that it must have, such as vision. Repeatable.",
            negative="",
            show_default=False,
        ),
    ] = (),
    max_price: Annotated[
        Decimal | None, Parameter(help="The most that a million input tokens may cost, in US dollars.")
    ] = None,
    usable: Annotated[bool, Switch, Parameter(help="Only those that can be used now.")] = False,
    common: Common | None = None,
) -> None:
    """List models, by name, provider, operation, feature and price.

    Prices are in US dollars for a million tokens; `?` is a price that is not known. Any other model of a provider with
    an open list can be called too.
    """
    common = common or Common()
    with connected(common) as client:
        found = client.models(provider=provider, operation=operation, features=feature, max_price=max_price)
        if usable:
            found = [model for model in found if not model.unavailable]
        if name:
            whole = [model for model in found if name == model.reference]
            found = whole or [model for model in found if name.lower() in model.reference.lower()]
        if common.json:
            print_json(found)
        elif name and len(found) == 1:
            _show_one(found[0])
        elif found:
            _show_all(found)
        else:
            note("No listed model fits all that.")


def _show_all(found: "list[ModelInfo]") -> None:
    rows = (
        (
            model.reference,
            _rate(model, "tokens.input"),
            _rate(model, "tokens.output"),
            f"{model.limits.context_tokens:,}" if model.limits.context_tokens else "",
            _state(model),
        )
        for model in found
    )
    show_table(("model", "input $/M", "output $/M", "context", "state"), rows)


def _state(model: "ModelInfo") -> Text:
    if model.unavailable:
        return Text("")
    return Text("ready, simulated" if model.simulated else "ready", "green")


def _show_one(model: "ModelInfo") -> None:
    limits, lifecycle = model.limits, model.lifecycle
    rows = {
        "model": model.reference,
        "name": model.name,
        "description": model.description,
        "state": model.unavailable or "ready",
        "simulated": "yes: no model, a placeholder is made" if model.simulated else "",
        "typical seconds": "" if model.typical_seconds is None else f"{model.typical_seconds:g}",
        "operations": ", ".join(model.operations),
        **{
            f"features: {support}": ", ".join(name for name, one in model.features.items() if one == support)
            for support in ("native", "emulated", "no")
        },
        **{name.replace("_", " "): _plain(value) for name, value in _set_fields(limits)},
        **{name.replace("_", " "): _plain(value) for name, value in _set_fields(lifecycle)},
        "prices": "unknown" if model.prices is None else "\n".join(_price(row) for row in model.prices) or "none",
    }
    show_facts((name, value or "") for name, value in rows.items())


def _set_fields(struct: object) -> list[tuple[str, object]]:
    names: tuple[str, ...] = getattr(struct, "__struct_fields__", ())
    return [(name, value) for name in names if (value := getattr(struct, name)) not in (None, ())]


def _plain(value: object) -> str:
    return f"{value:,}" if isinstance(value, int) else str(value)


def _price(row: "Price") -> str:
    when = f" when {', '.join(f'{key}: {_plain(value)}' for key, value in row.when.items())}" if row.when else ""
    per = "" if row.per == 1 else f" for {row.per:,}"
    return f"{row.meter}: {row.amount.normalize():f} {row.currency}{per}{when}"


def _rate(model: "ModelInfo", meter: str) -> str:
    """US dollars for a million; nothing where the model has no such meter, `?` where nobody knows."""
    if meter == "tokens.output" and "chat" not in model.operations:
        return ""
    row = next((row for row in model.prices or () if row.meter == meter and not row.when), None)
    return "?" if row is None or row.currency != "USD" else _dollars(row.amount * 1_000_000 / row.per)


def _dollars(amount: Decimal) -> str:
    """At least two places behind the point, and all that matter: 15.00, 0.075."""
    places = -int(amount.normalize().as_tuple().exponent)
    return f"{amount:.{max(2, places)}f}"
