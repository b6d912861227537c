"""`genmux models`, `providers`, `embed`, `estimate`: what there is and what it costs."""

from decimal import Decimal
from typing import Annotated

from cyclopts import Parameter

from genmux.cli.chat import money
from genmux.cli.console import err, out, print_json, table, write
from genmux.cli.files import piped
from genmux.cli.options import Ask, Common
from genmux.cli.session import connected
from genmux.contract.features import Support
from genmux.services.catalog import ModelInfo
from genmux.types.errors import InvalidRequestError


def models(
    *,
    provider: Annotated[str | None, Parameter(name=("--provider", "-p"))] = None,
    operation: str | None = None,
    feature: Annotated[
        tuple[str, ...], Parameter(name=("--feature", "-f"), help="A feature it must have. Repeatable.")
    ] = (),
    max_price: Annotated[Decimal | None, Parameter(help="US dollars for a million input tokens.")] = None,
    usable: Annotated[bool, Parameter(help="Only those that can be used now.", negative="")] = False,
    common: Common | None = None,
) -> None:
    """List models, by provider, operation, feature and price."""
    common = common or Common()
    with connected(common) as client:
        found = client.models(provider=provider, operation=operation, features=feature, max_price=max_price)
        found = [model for model in found if not (usable and model.unavailable)]
        if common.json:
            print_json(found)
            return
        shown = table("model", "input $/M", "output $/M", "context", "", "features")
        for model in found:
            shown.add_row(
                model.reference,
                _rate(model, "tokens.input"),
                _rate(model, "tokens.output"),
                str(model.limits.context_tokens or ""),
                "" if model.unavailable else "[green]ready[/]",
                ", ".join(name for name, support in model.features.items() if support is Support.NATIVE),
            )
        out.print(shown)


def _rate(model: ModelInfo, meter: str) -> str:
    row = next((row for row in model.prices or () if row.meter == meter and not row.when), None)
    return "?" if row is None else f"{(row.amount * 1_000_000 / row.per).normalize():f}"


def providers(
    *, health: Annotated[bool, Parameter(help="Ask each how it is.", negative="")] = False, common: Common | None = None
) -> None:
    """List providers, and why some cannot be used now."""
    common = common or Common()
    with connected(common) as client:
        found = client.providers()
        told = {one.id: client.health(one.id) for one in found if health and one.available}
        if common.json:
            print_json([{"provider": one, "health": told.get(one.id)} if health else one for one in found])
            return
        shown = table("provider", "name", "kinds", "state")
        for one in sorted(found, key=lambda info: (not info.available, info.id)):
            state = "[green]ready[/]" if one.available else f"[dim]{one.reason or ''}[/]"
            if one.id in told:
                state = f"{told[one.id].status} {told[one.id].reason or ''}"
            shown.add_row(one.id, one.name, ", ".join(one.kinds), state)
        out.print(shown)


def embed(
    *text: str, model: Annotated[str | None, Parameter(name=("--model", "-m"))] = None, common: Common | None = None
) -> None:
    """Turn texts into vectors: each argument, or each line of what is piped in."""
    common = common or Common()
    with connected(common) as client:
        inputs = [*text] or [line for line in piped().splitlines() if line.strip()]
        if not inputs:
            message = "there is no text: give some as arguments or pipe lines in"
            raise InvalidRequestError(message)
        result = client.embed(inputs, model=model)
        if common.json:
            print_json(result)
            return
        for vector in result.vectors:
            write(" ".join(f"{number:.6f}" for number in vector) + "\n")
        if err.is_terminal:
            err.print(
                f"{result.provider}/{result.model} · {len(result.vectors)} × {len(result.vectors[0])}", style="dim"
            )


def estimate(*prompt: str, ask: Ask | None = None, common: Common | None = None) -> None:
    """What a chat may cost, before it is sent."""
    ask, common = ask or Ask(), common or Common()
    with connected(common) as client:
        said = "\n\n".join(text for text in (" ".join(prompt), piped()) if text.strip())
        made = client.estimate(said, **ask.params())
        if common.json:
            print_json(made)
            return
        out.print(f"{money(made.low)} to {money(made.high)} ({made.confidence} confidence)", highlight=False)
        shown = table("meter", "at most", "amount")
        for line in made.lines:
            shown.add_row(line.meter, f"{line.quantity:,}", money(line.amount))
        out.print(shown)
        for unknown in made.unknown:
            err.print(f"unknown: {unknown}", style="yellow", markup=False)
