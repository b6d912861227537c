"""`genmux serve` and `genmux mock`: servers."""

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from genmux.app import App
from genmux.cli.console import err, out, print_json, table
from genmux.cli.options import Common
from genmux.cli.session import configured, reported


def serve(*, host: str | None = None, port: int | None = None, common: Common | None = None) -> None:
    """Run the gateway. Beyond this machine it wants keys (GENMUX_GATEWAY_KEYS or genmux.toml)."""
    common = common or Common()
    with reported(common):
        app = configured(common)
        gateway = app.settings.gateway
        from genmux.server.run import serve as run

        run(
            app,
            host=host or gateway.host,
            port=gateway.port if port is None else port,
            started=lambda url: _welcome(app, url),
        )


def _welcome(app: App, url: str) -> None:
    usable = [model.reference for model in app.catalog.usable() if "chat" in model.spec.operations]
    model = next((one for one in ("local/smollm2", *usable) if one in usable), "mock/echo")
    key = ' -H "authorization: Bearer $KEY"' if app.settings.gateway.keys else ""
    out.print(f"[bold]genmux[/] is listening on [link={url}]{url}[/link]  (stop with Ctrl-C)\n", highlight=False)
    out.print("Try:", style="dim")
    body = f'{{"model": "{model}", "messages": [{{"role": "user", "content": "Hello"}}]}}'
    for line in (
        f'  genmux chat --model {model} "Say hello in one short sentence."',
        f"  curl {url}/v1/chat/completions{key} -H 'content-type: application/json' -d '{body}'",
        f"  open {url}/   # what runs here, and code for the OpenAI and Anthropic SDKs",
    ):
        out.print(line, highlight=False, markup=False)


def mock(  # noqa: PLR0913 — one option each
    *,
    host: str = "127.0.0.1",
    port: int = 8485,
    script: Annotated[Path | None, Parameter(help="A script (TOML or JSON) of what to answer.")] = None,
    key: Annotated[str | None, Parameter(help="Demand this API key.")] = None,
    latency: Annotated[float, Parameter(help="Seconds before the first part.")] = 0.0,
    pace: Annotated[float, Parameter(help="Seconds between tokens.")] = 0.0,
    error_rate: Annotated[float, Parameter(help="The share of requests that fail, 0 to 1.")] = 0.0,
    seed: int = 0,
    list_faults: Annotated[bool, Parameter(help="Print the faults that it can play.", negative="")] = False,
    common: Common | None = None,
) -> None:
    """Run a mock of the OpenAI and Anthropic APIs: scripted answers, latency, faults; no key, no cost."""
    common = common or Common()
    with reported(common):
        from genmux.testing import simulator

        if list_faults:
            _list_faults(simulator.FAULTS, common)
            return
        simulator.run(
            host=host,
            port=port,
            script=script,
            key=key,
            latency=latency,
            pace=pace,
            error_rate=error_rate,
            seed=seed,
            started=lambda url: err.print(f"genmux mock is listening on {url}/v1 (both dialects)", highlight=False),
        )


def _list_faults(faults: dict[str, str], common: Common) -> None:
    if common.json:
        print_json(faults)
        return
    shown = table("fault", "what it does")
    for name, meaning in faults.items():
        shown.add_row(name, meaning)
    out.print(shown)
