"""The App puts everything together, and says what is wrong with how it is configured."""

import asyncio
from decimal import Decimal
from pathlib import Path

import pytest

from genmux.app import App
from genmux.app.app import cache_folder
from genmux.engine.child_queue import LocalEvent
from genmux.services.settings import Defaults, ProviderSettings, Settings
from genmux.types.errors import ConfigurationError, NotFoundError
from genmux.types.events import Event
from genmux.types.money import Price
from tests.fake_transport import FakeTransport
from tests.unit.flows.call.house import ACME, answer, app, request


def test_settings_come_from_a_file_or_are_given(tmp_path: Path) -> None:
    file = tmp_path / "genmux.toml"
    file.write_text('[aliases]\nfast = "mock/echo"')

    assert App(config=file, environ={}).catalog.resolve("fast", "chat").reference == "mock/echo"
    given = App(Settings(aliases={"quick": "mock/echo"}), environ={})
    assert given.catalog.resolve("quick", "chat").reference == "mock/echo"
    assert App(environ={"GENMUX_CHAT_MODEL": "mock/story"}).catalog.resolve(None, "chat").id == "story"


def test_a_right_configuration_has_no_faults() -> None:
    house, _ = app(aliases={"fast": "acme/one"}, defaults=Defaults(models={"chat": "fast", "embed": "acme/vectors"}))

    assert [*house.config_faults()] == []


def test_every_fault_of_the_configuration_is_told() -> None:
    house, _ = app(
        providers={
            "acme": ProviderSettings(),
            "opnai": ProviderSettings(),
            "zzzzzz": ProviderSettings(),
            "mock": ProviderSettings(credentials={"pacee": "1"}),
            "groq": ProviderSettings(enabled=False),
        },
        aliases={"fast": "acme/none"},
        defaults=Defaults(models={"chat": "acme/vectors", "embed": "nothing-known"}),
    )

    faults = [*house.config_faults()]

    assert len(faults) == 7
    assert faults[0].startswith("acme: no api_key for acme: set $ACME_KEY")
    assert faults[1] == "genmux.toml has settings for 'opnai', but there is no such provider; did you mean openai?"
    assert faults[2] == "genmux.toml has settings for 'zzzzzz', but there is no such provider"
    assert faults[3].startswith("mock: there is no setting `pacee`; there are latency, pace")
    assert faults[4] == "the default model for chat, 'acme/vectors': acme/vectors cannot chat; it can: embed"
    assert faults[5].startswith("the default model for embed, 'nothing-known': no provider is known")
    assert faults[6].startswith("the alias 'fast': acme has no model 'none'")


def test_prices_that_no_model_can_have_are_told() -> None:
    rows = (Price(meter="calls", amount=Decimal(1)),)
    wrong = {
        "gpt-5.4": "; a model is named as provider/model",
        "openai/": "; a model is named as provider/model",
        "opnai/gpt-5.4": ", but there is no provider 'opnai'; did you mean openai?",
        "zzzzzz/gpt-5.4": ", but there is no provider 'zzzzzz'",
        "openai/GPT-5.4": ", but the model is called openai/gpt-5.4",
        "runway/gen5_turbo": ", but runway has no such model; did you mean ",
    }
    right = ("openai/gpt-5.4", "openai/ft:mine", "cohere/rerank-v3.5", "elevenlabs/eleven_v3", "vllm/anything")
    house = App(Settings(prices=dict.fromkeys((*right, *wrong), rows)), environ={})
    faults = [*house.config_faults()]

    assert len(faults) == len(wrong)
    for fault, (reference, said) in zip(faults, wrong.items(), strict=True):
        assert fault.startswith(f"genmux.toml has prices for {reference!r}{said}")


def test_a_manifest_that_cannot_be_read_is_told_once(tmp_path: Path) -> None:
    (tmp_path / "bad.toml").write_text("spec = 1\n")
    house = App(Settings(provider_paths=(str(tmp_path),), providers={"bad": ProviderSettings()}), environ={})

    (fault,) = house.config_faults()

    assert fault.startswith(f"bad: {tmp_path / 'bad.toml'}")


def test_a_provider_may_be_switched_on_and_off() -> None:
    house = App(Settings(providers={"mock": ProviderSettings(enabled=False)}), environ={})

    with pytest.raises(ConfigurationError, match="mock is disabled"):
        house.registry.load("mock")


async def test_a_limit_of_requests_at_once_is_kept() -> None:
    house, transport = app(
        answer(), providers={"acme": ProviderSettings(credentials={"api_key": "k"}, max_concurrency=2)}
    )
    under_way = most = 0
    send = transport.send

    async def counted(*asked: object, **options: object) -> object:
        nonlocal under_way, most
        under_way += 1
        most = max(most, under_way)
        await asyncio.sleep(0)
        try:
            return await send(*asked, **options)  # type: ignore[arg-type]
        finally:
            under_way -= 1

    transport.send = counted  # type: ignore[method-assign, assignment]
    await asyncio.gather(*(house.calls.chat(request()) for _ in range(8)))

    assert most == 2


def test_registering_is_an_event_and_makes_everything_be_looked_up_anew() -> None:
    house = App(Settings(), environ={}, transport=FakeTransport())
    heard: list[Event] = []
    house.events.subscribe(heard.append)
    with pytest.raises(NotFoundError):
        house.catalog.resolve("acme/one", "chat")

    house.registry.register(ACME)

    assert house.catalog.resolve("acme/one", "chat").provider == "acme"
    assert [(event.type, event.provider) for event in heard] == [("provider.registered", "acme")]


def test_what_happens_to_embedded_engines_is_an_event() -> None:
    house, _ = app()
    heard: list[Event] = []
    house.events.subscribe(heard.append)

    house._loaded(LocalEvent(type="engine.loaded", provider="local", model="m", pid=7, seconds=0.5))  # noqa: SLF001

    assert (heard[0].type, heard[0].provider, heard[0].model) == ("engine.loaded", "local", "m")
    assert heard[0].data == {"pid": 7, "seconds": 0.5, "reason": None}


async def test_after_closing_nothing_can_be_sent() -> None:
    house, transport = app(answer())

    await house.aclose()
    await house.aclose()

    assert transport.closed == 2
    for name in ("acme/one", "mock/echo"):
        with pytest.raises(ConfigurationError, match="this client is closed"):
            await house.calls.chat(request(name=name))


def test_the_cache_is_kept_where_the_system_says_or_nowhere() -> None:
    place = cache_folder

    assert place({"XDG_CACHE_HOME": "/c", "HOME": "/h"}) == Path("/c/genmux")
    assert place({"HOME": "/h"}) == Path("/h/.cache/genmux")
    assert place({}) is None
