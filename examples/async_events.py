"""Many calls at once, and hear what happens."""

import asyncio

from genmux import AsyncClient


async def main() -> None:
    """Ask three questions at once."""
    async with AsyncClient(model="mock/echo") as client:
        client.on_event(lambda event: print(event.type, event.data.get("usage", "")))
        results = await asyncio.gather(*(client.chat(f"question {number}") for number in range(3)))
        print([result.text for result in results])
        for name, total in client.totals().items():
            print(name, total.calls, "calls")


asyncio.run(main())
