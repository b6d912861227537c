"""The simulator of live sessions is a process of its own, too."""

import asyncio
import sys

import aiohttp


async def test_the_simulator_is_started_as_a_process_and_says_where_it_listens() -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "genmux.testing.simulator.voice", "--port", "0", "--script", "[mock say=hello seconds=0.1]"),
        stdout=asyncio.subprocess.PIPE,
    )
    try:
        assert process.stdout is not None
        async with asyncio.timeout(20):
            url = (await process.stdout.readline()).decode().strip()
            async with aiohttp.ClientSession() as client, client.ws_connect(f"{url}/v1/realtime?model=m") as socket:
                await socket.send_str('{"type":"response.create"}')
                kinds: list[str] = []
                while "response.done" not in kinds:
                    kinds.append((await socket.receive_json())["type"])
    finally:
        process.kill()
        await process.wait()
    assert kinds.count("response.output_audio.delta") == 5
