"""The embedded model through the official SDKs; skipped where its weights are not installed."""

import os
from collections.abc import Iterator

import anthropic
import openai
import pytest

from genmux.providers.local.files import weights_folder
from genmux.providers.local.weights import WEIGHTS
from genmux.services.settings import ProviderSettings, Settings
from tests.e2e.conftest import RunningGateway, running

xllamacpp = pytest.importorskip("xllamacpp", reason="the extra `local` is not installed")
FOLDER = weights_folder(os.environ)
pytestmark = pytest.mark.skipif(
    not (FOLDER / WEIGHTS["smollm2"].file).is_file(), reason="no weights: run `genmux local install`"
)
ASKED = {"model": "local/smollm2", "max_tokens": 12, "messages": [{"role": "user", "content": "Say hello."}]}


@pytest.fixture(scope="module")
def local_gateway() -> Iterator[RunningGateway]:
    own = ProviderSettings(credentials={"data_dir": str(FOLDER.parent)})
    with running(Settings(providers={"local": own})) as serving:
        yield serving


def test_openai_clients_chat_with_it_whole_and_streamed(local_gateway: RunningGateway):
    client = openai.OpenAI(base_url=f"{local_gateway.url}/v1", api_key="none")
    whole = client.chat.completions.create(**ASKED, temperature=0)
    assert whole.choices[0].message.content
    assert 0 < whole.usage.completion_tokens <= 12
    chunks = client.chat.completions.create(**ASKED, temperature=0, stream=True)
    streamed = "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)
    assert streamed == whole.choices[0].message.content


def test_anthropic_clients_chat_with_it_whole_and_streamed(local_gateway: RunningGateway):
    client = anthropic.Anthropic(base_url=local_gateway.url, api_key="none")
    whole = client.messages.create(**ASKED, extra_body={"temperature": 0})
    assert whole.content[0].text
    with client.messages.stream(**ASKED, extra_body={"temperature": 0}) as stream:
        assert "".join(stream.text_stream) == whole.content[0].text
    count = client.messages.count_tokens(model="local/smollm2", messages=ASKED["messages"])
    assert count.input_tokens > 0
