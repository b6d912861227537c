"""genmux's own client."""

from question import KEY, MESSAGES, MODEL, SETTINGS

from genmux.app import App
from genmux.client.async_client import AsyncClient
from genmux.services.settings import ProviderSettings, Settings
from genmux.types.parts import TextDelta


async def make(v1):
    providers = {"openai": ProviderSettings(base_url=v1, credentials={"api_key": KEY})}
    client = AsyncClient(model=f"openai/{MODEL}", app=App(Settings(providers=providers), environ={}))
    messages = client_messages()

    async def call():
        return (await client.chat(messages, **SETTINGS)).text

    async def stream():
        async with await client.stream(messages, **SETTINGS) as parts:
            async for part in parts:
                if isinstance(part, TextDelta):
                    yield part

    return call, stream


def client_messages():
    """The same messages as typed values, made once as a program would keep its conversation."""
    from genmux.types.chat import Message
    from genmux.types.content import Text

    return [Message(role=one["role"], content=(Text(one["content"]),)) for one in MESSAGES]
