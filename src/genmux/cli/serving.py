"""`genmux serve` and `genmux mock`: servers."""

import contextlib
import importlib.util
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter
from cyclopts.validators import Number
from rich.text import Text

from genmux.cli.console import out, print_json, print_json_line, show_table
from genmux.cli.options import Common, Switch
from genmux.cli.session import configured, reported

if TYPE_CHECKING:
    from genmux.app import App

EVERYWHERE = {"0.0.0.0": "127.0.0.1", "[::]": "[::1]"}  # noqa: S104 — what is listened on is for the user to say
"""Hosts that mean all addresses of a machine, and one of these."""


def serve(
    *,
    host: Annotated[str | None, Parameter(help="Where to listen; by default only this machine gets answers.")] = None,
    port: Annotated[
        int | None, Parameter(help="The port; 0 takes a free one.", validator=Number(gte=0, lte=65_535))
    ] = None,
    common: Common | None = None,
) -> None:
    """Run the gateway: the OpenAI and Anthropic APIs over every provider that is configured, and a page that tells more.

    Beyond this machine it wants keys: GENMUX_GATEWAY_KEYS, or `keys` of `[gateway]` in genmux.toml.
    """
    common = common or Common()
    with reported(common), contextlib.suppress(KeyboardInterrupt):  # that is how it is stopped
        app = configured(common)
        gateway = app.settings.gateway
        from genmux.server.run import serve as run

        run(
            app,
            host=host or gateway.host,
            port=gateway.port if port is None else port,
            started=lambda url: print_json_line({"url": url}) if common.json else _welcome(app, url),
        )


def _welcome(app: "App", url: str) -> None:
    for everywhere, here in EVERYWHERE.items():
        url = url.replace(everywhere, here)
    out.print(Text.assemble(("genmux", "bold"), " is listening on ", (url, f"link {url}"), "  (Ctrl-C stops it)"))
    key = ""
    if app.settings.gateway.keys:
        key = ' -H "authorization: Bearer $KEY"'
        out.print("Put one of its keys into $KEY, and try:")
    else:
        out.print("Try, in another terminal:")
    model = _model_to_try(app)
    chat = f'{{"model": "{model}", "messages": [{{"role": "user", "content": "Hello"}}]}}'
    message = f'{{"model": "{model}", "max_tokens": 64, "messages": [{{"role": "user", "content": "Hello"}}]}}'
    for line in (
        f'{our_name()} chat --model {model} "Say hello in one short sentence."',
        f"curl {url}/v1/chat/completions{key} -H 'content-type: application/json' -d '{chat}'",
        f"curl {url}/v1/messages{key} -H 'content-type: application/json' -d '{message}'",
    ):
        out.print(f"  {line}")
    out.print(Text.assemble("Talk with it: ", (f"{url}/talk", f"link {url}/talk"), f", or {our_name()} talk"))
    if app.keeping is not None:
        out.print(f"Keys, budgets, accounts and usage are kept in {app.keeping.store.place}; manage them with")
        out.print(f"  {our_name()} keys | budgets | accounts | usage")


def _model_to_try(app: "App") -> str:
    """The embedded model where its weights are, else what always answers."""
    from genmux.cli.local import store

    there = app.registry.unavailable("local") is None and importlib.util.find_spec("xllamacpp") is not None
    embedded = "smollm2" if there else ""
    return "local/smollm2" if any(one.name == embedded for one in store().installed()) else "mock/echo"


def our_name() -> str:
    """How this program is called from here."""
    called = Path(sys.argv[0])
    on_path = shutil.which(called.name)
    if called.name != "genmux" or (on_path and Path(on_path).resolve() == called.resolve()):
        return "genmux"
    return str(called)


def mock(  # noqa: PLR0913 — one option each
    *,
    host: Annotated[str, Parameter(help="Where to listen.")] = "127.0.0.1",
    port: Annotated[int, Parameter(help="The port; 0 takes a free one.", validator=Number(gte=0, lte=65_535))] = 8485,
    script: Annotated[Path | None, Parameter(help="A script (TOML or JSON) of what to answer.")] = None,
    key: Annotated[str | None, Parameter(help="Demand this API key.")] = None,
    latency: Annotated[float, Parameter(help="Seconds before the first part.", validator=Number(gte=0))] = 0.0,
    pace: Annotated[float, Parameter(help="Seconds between tokens.", validator=Number(gte=0))] = 0.0,
    error_rate: Annotated[
        float, Parameter(help="The share of requests that fail, 0 to 1.", validator=Number(gte=0, lte=1))
    ] = 0.0,
    seed: Annotated[int, Parameter(help="The same seed gives the same failures.")] = 0,
    list_faults: Annotated[bool, Switch, Parameter(help="Print the faults that it can play.")] = False,
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
            started=lambda url: print_json_line({"url": url}) if common.json else _welcome_to_mock(url, key),
        )


def _welcome_to_mock(url: str, key: str | None) -> None:
    out.print(Text.assemble(("genmux mock", "bold"), " is listening on ", (url, f"link {url}"), "  (Ctrl-C stops it)"))
    out.print("For the official SDKs:")
    shown = key or "any"
    out.print(f"  export OPENAI_BASE_URL={url}/v1 OPENAI_API_KEY={shown}")
    out.print(f"  export ANTHROPIC_BASE_URL={url} ANTHROPIC_API_KEY={shown}")


def _list_faults(faults: dict[str, str], common: Common) -> None:
    if common.json:
        print_json(faults)
    else:
        show_table(("fault", "what it does"), faults.items())
