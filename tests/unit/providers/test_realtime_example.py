"""The realtime provider of the documentation holds a session, and the page shows it as it is."""

import re
from pathlib import Path

from genmux.app import App
from genmux.services.settings import ProviderSettings, Settings
from genmux.testing.simulator.voice.realtime_server import RealtimeSimulator
from genmux.types.realtime import SessionConfig
from genmux.types.realtime_events import OutputTranscriptDone, ResponseDone

ROOT = Path(__file__).parents[3]
MANIFEST = ROOT / "examples" / "providers" / "murmur.toml"
PAGE = (ROOT / "docs" / "how-to" / "add-a-realtime-provider.md").read_text("utf-8")


async def test_murmur_holds_a_session() -> None:
    async with RealtimeSimulator() as simulator:
        own = ProviderSettings(base_url=simulator.url("openai"), credentials={"api_key": "k"})
        app = App(Settings(providers={"murmur": own}), environ={})
        app.registry.register(MANIFEST)
        said, cost = "", None
        session = await app.sessions.prepare("murmur/murmur-1", SessionConfig(instructions='[mock say="Hello there."]'))
        async with session:
            await session.send_text("Good evening")
            async for event in session.events(OutputTranscriptDone, ResponseDone):
                if isinstance(event, OutputTranscriptDone):
                    said = event.text
                elif isinstance(event, ResponseDone):
                    cost = event.cost
                    break
        await app.aclose()

    assert said == "Hello there."
    assert cost is not None
    assert cost.amount > 0


def test_the_page_shows_the_manifest_as_it_is() -> None:
    blocks = dict(re.findall(r"<!-- examples/providers/(\S+) -->\n```\w+\n(.*?)```\n", PAGE, re.DOTALL))
    assert blocks == {"murmur.toml": MANIFEST.read_text("utf-8")}
