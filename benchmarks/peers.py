"""`make bench-peers`: genmux, the OpenAI SDK and LiteLLM (library and proxy) in one run on one upstream.

LiteLLM is installed into an environment of its own, `.venv-peers`.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from load import started
from machine import HERE, upstream
from run import bare_gateway, genmux_gateway, imported, library

VENV = HERE.parent / ".venv-peers"
PYTHON = str(VENV / "bin" / "python")
PACKAGES = ("litellm[proxy]", "openai", "uvloop", "psutil")
KEY = "sk-benchmark-0123456789"
CONFIG = """
model_list:
  - model_name: gpt-4o-mini
    litellm_params: {{model: openai/gpt-4o-mini, api_base: "{base}/v1", api_key: sk-benchmark}}
litellm_settings: {{num_retries: 0, telemetry: false, set_verbose: false}}
"""


def environment() -> None:
    """Make the peers' environment when it is not there."""
    if Path(PYTHON).exists():
        return
    print(f"installing {', '.join(PACKAGES)} into {VENV.name} …", file=sys.stderr)
    subprocess.run([sys.executable, "-m", "venv", str(VENV)], check=True)
    uv = shutil.which("uv", path=str(Path(sys.executable).parent))
    install = [uv, "pip", "install", "--python", PYTHON] if uv else [PYTHON, "-m", "pip", "install"]
    subprocess.run([*install, "--quiet", *PACKAGES], check=True)


def versions() -> str:
    """Which versions were measured."""
    code = "from importlib.metadata import version as v; print(f\"litellm {v('litellm')}, openai {v('openai')}\")"
    return subprocess.run([PYTHON, "-c", code], capture_output=True, text=True, check=True).stdout.strip()


def litellm_proxy(base: str, port: int) -> dict[str, float]:
    """The figures of LiteLLM's proxy, one worker, without a database."""
    with tempfile.TemporaryDirectory() as folder:
        config = Path(folder) / "litellm.yaml"
        config.write_text(CONFIG.format(base=base))
        settings = {"LITELLM_LOCAL_MODEL_COST_MAP": "True", "LITELLM_LOG": "ERROR", "LITELLM_MASTER_KEY": KEY}
        command = [str(VENV / "bin" / "litellm"), "--config", str(config), "--host", "127.0.0.1", "--port", str(port)]
        environ = {**os.environ, **settings}
        with started([*command, "--num_workers", "1"], port, environ, model="gpt-4o-mini", key=KEY) as gateway:
            return gateway.measure(int(base.rpartition(":")[2]), scale=0.1)


def main() -> None:
    """Measure and print two tables."""
    environment()
    print(f"Measured with {versions()}.\n")
    print("| library | import CPU ms | MB | CPU µs a call, one at a time | 64 at once | CPU µs a streamed chunk |")
    print("| --- | --- | --- | --- | --- | --- |")
    with upstream() as base:
        for name, runner, statement, python in (
            ("bare aiohttp", "bare_aiohttp", "import aiohttp", sys.executable),
            ("**genmux**", "genmux_library", "import genmux", sys.executable),
            ("openai SDK", "openai_sdk", "import openai", PYTHON),
            (
                "litellm",
                "litellm_sdk",
                "import os; os.environ['LITELLM_LOCAL_MODEL_COST_MAP']='True'; import litellm",
                PYTHON,
            ),
        ):
            milliseconds, memory = imported(statement, python)
            got = library(runner, base, python)
            figures = f"{got['call_c1']:.0f} | {got['call_c64']:.0f} | {got['chunk']:.1f}"
            print(f"| {name} | {milliseconds:.0f} | {memory:.0f} | {figures} |", flush=True)
        print(
            "\n| gateway, one worker | start s | CPU µs a request | CPU µs a chunk | added ms p50 | MB idle / after |"
        )
        print("| --- | --- | --- | --- | --- | --- |")
        for name, got in (
            ("bare ASGI + aiohttp", bare_gateway(base, 18490)),
            ("**genmux**, bytes passed through", genmux_gateway(base, 18491, "openai/gpt-4o-mini")),
            ("LiteLLM proxy", litellm_proxy(base, 18492)),
        ):
            costs = f"{got['start_s']:.1f} | {got['cpu_us']:.0f} | {got['chunk_us']:.1f} | {got['added_ms']:.2f}"
            print(f"| {name} | {costs} | {got['idle_mb']:.0f} / {got['after_mb']:.0f} |", flush=True)


if __name__ == "__main__":
    main()
