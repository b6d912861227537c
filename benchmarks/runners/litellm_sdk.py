"""LiteLLM's library."""

import os

os.environ.setdefault("LITELLM_LOCAL_MODEL_COST_MAP", "True")  # no download when it is imported

import litellm
from question import KEY, MESSAGES, MODEL, SETTINGS

litellm.telemetry = False
litellm.suppress_debug_info = True


async def make(v1):
    asked = {"model": f"openai/{MODEL}", "messages": MESSAGES, "api_base": v1, "api_key": KEY, **SETTINGS}

    async def call():
        return (await litellm.acompletion(**asked, num_retries=0)).choices[0].message.content

    async def stream():
        async for chunk in await litellm.acompletion(**asked, stream=True):
            yield chunk

    return call, stream
