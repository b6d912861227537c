"""The providers of the documentation load and translate, and the documentation shows them as they are."""

import re
import sys
from pathlib import Path
from typing import Any

import msgspec
import pytest

from genmux.contract.http import Framing, HttpReply, HttpRequest, WireEvent
from genmux.contract.manifest import inherit
from genmux.contract.model import Model
from genmux.contract.provider import Provider
from genmux.contract.wires import Sent
from genmux.services.registry import Registry
from genmux.types.chat import ChatRequest, Message
from genmux.types.content import Text
from genmux.types.errors import ConfigurationError, NetworkError, ProviderError
from genmux.types.join import join

ROOT = Path(__file__).parents[3]
EXAMPLES = ROOT / "examples" / "providers"
PAGE = (ROOT / "docs" / "how-to" / "add-a-provider.md").read_text("utf-8")


def request(model: str) -> ChatRequest:
    return ChatRequest(model=model, messages=(Message(role="user", content=(Text("Ahoy!"),)),), max_tokens=50)


def model_of(provider: Provider, name: str) -> Model:
    manifest = provider.manifest
    spec = manifest.models.get(name)
    defaults = manifest.model_defaults
    return Model(provider=provider.id, id=name, wire_id=name, spec=inherit(spec, defaults) if spec else defaults)


def body_of(http: HttpRequest) -> dict[str, Any]:
    assert http.body is not None
    return msgspec.json.decode(http.body)


def replied(body: object) -> HttpReply:
    return HttpReply(status=200, headers={}, body=msgspec.json.encode(body))


@pytest.fixture
def parley(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Provider:
    """Parley, found through an entry point as if it had been installed."""
    info = tmp_path / "genmux_parley-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: genmux-parley\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[genmux.providers]\nparley = parley\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.syspath_prepend(str(EXAMPLES))
    monkeypatch.delitem(sys.modules, "parley", raising=False)
    registry = Registry()
    assert registry.info("parley").source == "package genmux-parley 1.0"
    assert "parley" not in sys.modules
    return registry.load("parley")


@pytest.mark.parametrize("shown", ["acme.toml", "parley/manifest.toml", "parley/__init__.py", "in_process.py"])
def test_the_page_shows_the_examples_as_they_are(shown: str) -> None:
    blocks = dict(re.findall(r"<!-- examples/providers/(\S+) -->\n```\w+\n(.*?)```\n", PAGE, re.DOTALL))
    assert blocks[shown] == (EXAMPLES / shown).read_text("utf-8")


def test_the_examples_are_as_short_as_the_page_says() -> None:
    assert len((EXAMPLES / "acme.toml").read_text().splitlines()) == 15
    code = (EXAMPLES / "parley" / "__init__.py").read_text().splitlines()
    assert (
        len([line for line in code if line.strip() and not line.strip().startswith(('"""', "from ", "import "))]) <= 40
    )
    here = (EXAMPLES / "in_process.py").read_text().split("if __name__")[0].splitlines()
    assert len([line for line in here if line.strip() and not line.startswith('"""')]) <= 15


def test_fifteen_lines_of_toml_are_a_provider() -> None:
    registry = Registry(provider_paths=[EXAMPLES])
    acme = registry.load("acme")
    model = model_of(acme, "acme-1")
    encoded = acme.wires["chat"].encode(request("acme-1"), model)
    body = body_of(encoded.http)
    assert encoded.http.url == "/chat/completions"
    assert (body["model"], body["max_tokens"]) == ("acme-1", 50)
    assert acme.auth(encoded.http, {"api_key": "k"}).headers[-1] == ("authorization", "Bearer k")
    message = {"role": "assistant", "content": "Hello!"}
    choices = [{"index": 0, "message": message, "finish_reason": "stop"}]
    reply = replied({"id": "1", "object": "chat.completion", "created": 1, "model": "acme-1", "choices": choices})
    result = acme.wires["chat"].decode(reply, Sent(request("acme-1"), model, encoded.http))
    assert result.text == "Hello!"
    assert registry.detect("https://www.acme.example/models") == "acme"


def test_forty_lines_of_python_are_a_provider(parley: Provider) -> None:
    model = model_of(parley, "captain")
    encoded = parley.wires["talk"].encode(request("captain"), model)
    assert body_of(encoded.http) == {"voice": "captain", "turns": [{"who": "user", "words": "Ahoy!"}], "live": False}
    assert ("x-parley-key", "k") in parley.auth(encoded.http, {"api_key": "k"}).headers
    reply = replied({"words": "Ahoy yourself!", "end": "done", "counted": {"input": 3, "output": 4}})
    result = parley.wires["talk"].decode(reply, Sent(request("captain"), model, encoded.http))
    assert result.text == "Ahoy yourself!"
    assert (result.finish.unified, result.finish.raw) == ("stop", "done")
    assert (result.usage.input, result.usage.output) == (3, 4)


def test_the_python_provider_reads_streams(parley: Provider) -> None:
    model = model_of(parley, "captain")
    encoded = parley.wires["talk"].encode(request("captain"), model, stream=True)
    assert encoded.http.framing is Framing.NDJSON
    reader = parley.wires["talk"].reader(Sent(request("captain"), model, encoded.http))
    lines = (b'{"words": "Ahoy "}', b'{"words": "you!"}', b'{"end": "breath", "counted": {"output": 2}}')
    parts = [part for line in lines for part in reader.feed(WireEvent(line))] + [*reader.close()]
    result = join(parts)
    assert result.text == "Ahoy you!"
    assert result.finish.unified == "length"
    assert result.usage.output == 2


def test_the_python_provider_tells_cut_and_broken_streams(parley: Provider) -> None:
    model = model_of(parley, "captain")
    sent = Sent(request("captain"), model, HttpRequest(method="POST", url="/talk"))
    reader = parley.wires["talk"].reader(sent)
    assert [*reader.feed(WireEvent(b'{"words": "A"}'))]
    with pytest.raises(NetworkError, match="cut"):
        reader.close()
    with pytest.raises(ProviderError, match="malformed_reply"):
        [*reader.feed(WireEvent(b"<html>"))]


def test_the_errors_of_the_python_provider_have_our_kinds(parley: Provider) -> None:
    assert parley.errors.codes == {"purse_empty": "quota_exceeded"}
    assert parley.errors.phrases == {"hold your tongue": "content_filtered"}
    assert parley.errors.kinds == {420: "rate_limit"}


def test_a_provider_can_be_registered_in_process() -> None:
    space: dict[str, Any] = {"__name__": "example"}
    registry = Registry()
    code = (EXAMPLES / "in_process.py").read_text()
    exec(compile(code.replace("register_provider(manifest)", ""), "in_process.py", "exec"), space)  # noqa: S102 — our own example
    assert registry.register(space["manifest"]) == "acme_here"
    assert registry.load("acme_here").wires.keys() == {"chat"}
    with pytest.raises(ConfigurationError, match="already"):
        registry.register(space["manifest"])
