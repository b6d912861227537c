"""`genmux providers`: who there is, and why some cannot be used now."""

from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter
from rich.text import Text

from genmux.cli.console import harmless, print_json, show_table
from genmux.cli.options import Common, Switch
from genmux.cli.session import connected

if TYPE_CHECKING:
    from genmux.client.client import Client
    from genmux.services.registry import ProviderInfo
    from genmux.types.health import Health

STYLES = {"available": "green", "degraded": "yellow", "unavailable": "red"}


def providers(
    *,
    health: Annotated[bool, Switch, Parameter(help="Ask each that can be used how it is.")] = False,
    common: Common | None = None,
) -> None:
    """List providers, and why some cannot be used now."""
    common = common or Common()
    with connected(common) as client:
        found = client.providers()
        told = {one.id: client.health(one.id) for one in found if health and one.available}
        if common.json:
            print_json([{"provider": one, "health": told.get(one.id)} if health else one for one in found])
            return
        rows = (
            (one.id, ", ".join(one.kinds), healthy(told[one.id]) if one.id in told else state(client, one))
            for one in sorted(found, key=lambda info: (not info.available, info.id))
        )
        show_table(("provider", "makes", "state"), rows)


def state(client: "Client", one: "ProviderInfo") -> Text:
    """Whether a provider can be used, in a few words."""
    if not one.available:
        needed = keys(client, one)
        return Text(f"needs {needed}" if needed else harmless(one.reason or "cannot be used"), style="dim")
    if place := own_server(client, one):
        return Text.assemble(("ready", "green"), (f" if it runs at {place}", "dim"))
    return Text("ready", style="green")


def keys(client: "Client", one: "ProviderInfo") -> str | None:
    """The variables that a provider waits for; None when it waits for something else."""
    app = client.app
    try:
        manifest = app.registry.manifest(one.id)
    except Exception:  # noqa: BLE001 — what is wrong with a broken manifest is its reason already
        return None
    if one.reason != app.credentials.missing(manifest):
        return None
    required = [field for field in manifest.credentials.values() if field.required]
    if not all(field.env for field in required):
        return None
    return " and ".join(" or ".join(f"${name}" for name in field.env) for field in required)


def own_server(client: "Client", one: "ProviderInfo") -> str | None:
    """Where a provider listens that people run themselves; None for all others."""
    if not one.local:
        return None
    app = client.app
    manifest = app.registry.manifest(one.id)
    return app.credentials.base_url(manifest) if manifest.base_url else None


def healthy(told: "Health") -> Text:
    """What a provider answered."""
    latency = f" after {told.latency * 1000:.0f} ms" if told.latency is not None else ""
    reason = f": {told.reason}" if told.reason else ""
    return Text.assemble((told.status, STYLES[told.status]), (harmless(latency + reason), "dim"))
