"""The simulator: plays models without a model, for tests and for trying things out.

The same engine answers in the process (`mock/echo` …) and behind the real HTTP server of `genmux.testing.simulator`.
"""

from pathlib import Path

from genmux.contract.manifest import read_manifest
from genmux.contract.provider import Provider
from genmux.providers.mock.capture import account
from genmux.providers.mock.engine import MockEngine
from genmux.providers.mock.live import MockRealtime

engine = MockEngine()
realtime = MockRealtime()
provider = Provider(
    manifest=read_manifest(Path(__file__).with_name("manifest.toml")),
    wires={"mock": engine, "realtime": realtime},
    account=account,
)
