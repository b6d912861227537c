"""The official OpenAI SDK."""

import openai
from question import KEY, MESSAGES, MODEL, SETTINGS

IMPORT = "import openai"


async def make(v1):
    client = openai.AsyncOpenAI(base_url=v1, api_key=KEY, max_retries=0)
    asked = {"model": MODEL, "messages": MESSAGES, **SETTINGS}

    async def call():
        return (await client.chat.completions.create(**asked)).choices[0].message.content

    async def stream():
        async for chunk in await client.chat.completions.create(**asked, stream=True):
            yield chunk

    return call, stream
