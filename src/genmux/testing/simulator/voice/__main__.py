"""`python -m genmux.testing.simulator.voice`: the simulator for live sessions as a process of its own."""

import argparse
import asyncio
import contextlib
import sys

from genmux.engine.loops import new_loop
from genmux.testing.simulator.voice.realtime_server import RealtimeSimulator


def main(arguments: list[str] | None = None) -> None:
    """Serve until interrupted; the first line says where."""
    parser = argparse.ArgumentParser(prog="python -m genmux.testing.simulator.voice", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one")
    parser.add_argument("--script", default="", help="directives for sessions, such as `[mock pace=0.02]`")
    parser.add_argument("--pong-after", type=float, default=0.0, help="seconds before a ping is answered")
    parser.add_argument("--keep", type=int, default=0, help="how many sessions are kept")
    said = parser.parse_args(arguments)
    simulator = RealtimeSimulator(
        said.script, host=said.host, port=said.port, pong_after=said.pong_after, keep=said.keep
    )
    with contextlib.suppress(KeyboardInterrupt), asyncio.Runner(loop_factory=new_loop) as runner:
        runner.run(_serve(simulator))


async def _serve(simulator: RealtimeSimulator) -> None:
    async with simulator:
        print(simulator.base_url, flush=True)  # noqa: T201 — whoever starts it reads its address
        await asyncio.get_running_loop().create_future()


if __name__ == "__main__":
    main(sys.argv[1:])
