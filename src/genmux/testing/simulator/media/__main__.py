"""`python -m genmux.testing.simulator.media`: the simulator for media as a process of its own."""

import argparse
import asyncio
import contextlib
import sys

from genmux.engine.loops import new_loop
from genmux.testing.simulator.media.personalities import personalities
from genmux.testing.simulator.media.server import MediaSimulator


def main(arguments: list[str] | None = None) -> None:
    """Serve until interrupted."""
    parser = argparse.ArgumentParser(prog="python -m genmux.testing.simulator.media", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one")
    parser.add_argument("--personality", default="generic", help=f"separated by commas; {', '.join(personalities())}")
    parser.add_argument("--script", default="", help="how jobs go that do not say otherwise, such as `queue 1; work 5`")
    parser.add_argument("--recording", type=int, default=0, help="how many requests are kept")
    said = parser.parse_args(arguments)
    simulator = MediaSimulator(
        *said.personality.split(","), script=said.script, host=said.host, port=said.port, recording=said.recording
    )
    with contextlib.suppress(KeyboardInterrupt), asyncio.Runner(loop_factory=new_loop) as runner:
        runner.run(_serve(simulator))


async def _serve(simulator: MediaSimulator) -> None:
    async with simulator:
        print(simulator.base_url, flush=True)  # noqa: T201 — whoever starts it reads its address
        await asyncio.get_running_loop().create_future()


if __name__ == "__main__":
    main(sys.argv[1:])
