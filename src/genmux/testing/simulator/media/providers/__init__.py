"""Providers that exist only in the simulator, of every kind that there is: the same wire over the personality `generic`.

| id | `submit_safety` | webhooks | polls |
| --- | --- | --- | --- |
| `sim-idempotent` | idempotent: `Idempotency-Key` | no | yes |
| `sim-lookup` | lookup: by `external_id` | no | yes |
| `sim-none` | none | no | yes |
| `sim-webhook-only` | idempotent | signed | no |
| `sim-both` | lookup | signed | yes |

`register_provider(simulated_provider("sim-none"))` makes one known to this process. For processes that are started with a
command (`genmux worker`), `announce(folder)` writes them as if they were installed: put the folder into PYTHONPATH. Where the
simulator is, the environment variable GENMUX_SIMULATED_URL says, or `base_url` in the settings.
"""

from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path
from string import Template
from typing import Any

from genmux.contract.manifest import Manifest, parse_manifest
from genmux.contract.provider import Provider
from genmux.testing.simulator.media.providers.wire import SimulatedWire
from genmux.testing.simulator.media.providers.wires import (
    HookedIdempotentWire,
    HookedLookupWire,
    IdempotentWire,
    LookupWire,
)

_ALL: dict[str, Any] = {
    "cancel": "any",
    "billed_on_cancel": "yes",
    "billed_on_filter": "yes",
    "result_lifetime": 86_400,
    "record_lifetime": 604_800,
    "progress": True,
}
"""What the jobs of all of them have in common."""

_KINDS: dict[str, tuple[type[SimulatedWire], dict[str, Any], str]] = {
    "sim-idempotent": (IdempotentWire, {"submit_safety": "idempotent"}, "Honours an idempotency key."),
    "sim-lookup": (LookupWire, {"submit_safety": "lookup", "lookup_after": 1.0}, "Its jobs are found by our key."),
    "sim-none": (SimulatedWire, {"submit_safety": "none"}, "Knows nothing of our key."),
    "sim-webhook-only": (
        HookedIdempotentWire,
        {"submit_safety": "idempotent", "webhook": "job", "pollable": False},
        "Tells how a job ended by a signed webhook, and not otherwise.",
    ),
    "sim-both": (
        HookedLookupWire,
        {"submit_safety": "lookup", "lookup_after": 1.0, "webhook": "job"},
        "Sends signed webhooks, and can be polled.",
    ),
}

SIMULATED = tuple(_KINDS)
"""The ids of the simulated providers."""


def manifest_text(provider_id: str, traits: Mapping[str, Any] | None = None) -> str:
    """The manifest as TOML; `traits` (fields of `JobTraits`) are put in place of its own."""
    _, own, description = _KINDS[provider_id]
    written = "\n".join(f"{name} = {_toml(value)}" for name, value in {**_ALL, **own, **(traits or {})}.items())
    template = Template(files(__name__).joinpath("template.toml").read_text("utf-8"))
    return template.substitute(id=provider_id, description=description, traits=written)


def simulated_provider(provider_id: str, **traits: Any) -> Provider:
    """One of the providers, perhaps with other traits: `simulated_provider("sim-both", poll_every=2.0)`."""
    manifest = parse_manifest(manifest_text(provider_id, traits), source=provider_id)
    return provider_of(manifest)


def provider_of(manifest: Manifest) -> Provider:
    """The provider of one of the manifests."""
    return Provider(manifest=manifest, wires={"job": _KINDS[manifest.id][0](manifest)})


def announce(folder: Path, *ids: str, **traits: Any) -> Path:
    """Write providers (all of them, unless some are named) as installed packages into a folder, and give the folder."""
    lines = ["[genmux.providers]"]
    for provider_id in ids or SIMULATED:
        package = provider_id.replace("-", "_")
        home = folder / package
        home.mkdir(parents=True, exist_ok=True)
        (home / "manifest.toml").write_text(manifest_text(provider_id, traits), "utf-8")
        (home / "__init__.py").write_text(_PACKAGE, "utf-8")
        lines.append(f"{provider_id} = {package}")
    told = folder / "genmux_simulated-1.0.0.dist-info"
    told.mkdir(exist_ok=True)
    (told / "METADATA").write_text("Metadata-Version: 2.1\nName: genmux-simulated\nVersion: 1.0.0\n", "utf-8")
    (told / "entry_points.txt").write_text("\n".join(lines) + "\n", "utf-8")
    return folder


_PACKAGE = '''"""Written by genmux.testing.simulator.media.providers.announce."""

from pathlib import Path

from genmux.contract.manifest import read_manifest
from genmux.testing.simulator.media.providers import provider_of

provider = provider_of(read_manifest(Path(__file__).with_name("manifest.toml")))
'''


def _toml(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return f'"{value}"' if isinstance(value, str) else str(value)
