"""Several models under one name: the first that can answers, and the result says why."""

import tempfile
from pathlib import Path

from genmux import Client

ROUTES = """
[routes.careful]
models = ["mock/fault-overloaded", "mock/echo", "mock/story"]

[routes.cheap]
choose = "cheapest"
models = ["mock/priced", "mock/echo"]
"""

with tempfile.TemporaryDirectory() as folder:
    config = Path(folder) / "genmux.toml"
    config.write_text(ROUTES, "utf-8")
    with Client(config=config) as client:
        for route in ("route/careful", "route/cheap"):
            result = client.chat("Where did this go?", model=route, max_tokens=50)
            print(f"{result.route}, sent {result.attempts} time(s):")
            for step in result.steps:
                print(f"  {step.model} {step.outcome}: {step.reason}")
