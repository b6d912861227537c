"""A target is found once and kept, and never shows a key."""

import pytest

from genmux.contract.manifest import Manifest, ModelSpec
from genmux.contract.model import Model
from genmux.flows.call import target as target_module
from genmux.flows.call.options import CallOptions
from genmux.types.errors import NotFoundError
from tests.unit.flows.call.house import ACME, app, local

PLAIN = CallOptions()


def test_a_target_is_found_once() -> None:
    house, _ = app()
    find = house.targets.find

    first = find("acme/one", "chat", PLAIN)

    assert find("acme/one", "chat", CallOptions(timeout=5)) is first
    assert find("acme/one", "chat", CallOptions(base_url="https://other.test")) is not first
    mine = find("acme/one", "chat", CallOptions(credential={"api_key": "mine"}))
    assert mine.credential == {"api_key": "mine"}
    assert find("acme/one", "chat", CallOptions(credential={"api_key": "mine"})) is mine


def test_a_provider_that_is_registered_anew_is_found_anew() -> None:
    house, _ = app()
    first = house.targets.find("acme/one", "chat", PLAIN)
    moved = Manifest(
        **{name: getattr(ACME, name) for name in ACME.__struct_fields__} | {"base_url": "https://moved.test"}
    )

    house.registry.register(moved, replace=True)

    assert house.targets.find("acme/one", "chat", PLAIN).base_url == "https://moved.test"
    house.registry.unregister("acme")
    with pytest.raises(NotFoundError):
        house.targets.find("acme/one", "chat", PLAIN)
    assert first.base_url == "https://api.acme.test/v1"


def test_what_is_looked_up_while_it_is_forgotten_is_not_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    house, _ = app()
    resolve = house.catalog.resolve

    def forgetting(name: str | None, operation: object) -> Model:
        monkeypatch.undo()
        house.targets.forget()
        return resolve(name, operation)  # type: ignore[arg-type]

    monkeypatch.setattr(house.catalog, "resolve", forgetting)
    first = house.targets.find("acme/one", "chat", PLAIN)

    assert house.targets.find("acme/one", "chat", PLAIN) is not first


def test_names_and_keys_that_callers_bring_do_not_pile_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(target_module, "_REMEMBERED", 3)
    house, _ = app()

    kept = [house.targets.find("acme/one", "chat", CallOptions(credential={"api_key": str(n)})) for n in range(10)]

    assert house.targets.find("acme/one", "chat", CallOptions(credential={"api_key": "9"})) is kept[9]
    assert house.targets.find("acme/one", "chat", CallOptions(credential={"api_key": "0"})) is not kept[0]


def test_neither_a_target_nor_options_show_a_key() -> None:
    house, _ = app()
    options = CallOptions(credential={"api_key": "very-secret"}, timeout=5)

    assert "very-secret" not in repr(house.targets.find("acme/one", "chat", options))
    assert repr(options).startswith(
        "CallOptions(timeout=5, retries=None, retry_unsure=False, budget_limit=None, tags={}, strict=True, clamp=False,"
        " base_url=None, principal=Principal("
    )


def test_a_target_knows_whether_it_is_inside_and_what_it_speaks() -> None:
    house, engine = local()
    inside = house.targets.find("inside/one", "chat", PLAIN)
    outside = house.targets.find("acme/one", "chat", PLAIN)

    assert (inside.local, outside.local) == (True, False)
    assert inside.engine is engine
    assert house.targets.wire_that_speaks("openai_chat", outside.model) is outside.wire
    assert house.targets.wire_that_speaks("anthropic_messages", outside.model) is None
    assert house.targets.wire_that_speaks("openai_chat", inside.model) is None


def test_only_the_model_needs_no_key() -> None:
    house, _ = app(providers={})

    assert house.targets.model("acme/one", "chat").reference == "acme/one"
    assert isinstance(house.targets.model("acme/one", "chat").spec, ModelSpec)
