"""A provider has what its manifest says and its code does not."""

import pytest

from genmux.contract.auth import bearer, header
from genmux.contract.error_map import ErrorMap
from genmux.contract.http import HttpRequest
from genmux.contract.manifest import Manifest, parse_manifest
from genmux.contract.provider import Provider
from genmux.services.registry.building import complete, from_manifest
from genmux.types.errors import ConfigurationError, ErrorKind
from tests.unit.services.registry.conftest import manifest_text

REQUEST = HttpRequest(method="GET", url="/models")


def made(*more: str) -> Manifest:
    return parse_manifest(manifest_text("mine", *more), source="test")


def test_the_manifest_names_how_to_sign() -> None:
    provider = from_manifest(made('auth = "header:x-api-key"'))
    assert provider.auth(REQUEST, {"api_key": "k"}).headers == (("x-api-key", "k"),)


def test_without_a_word_the_key_is_a_bearer() -> None:
    assert from_manifest(made()).auth is bearer


def test_the_auth_of_the_code_wins() -> None:
    own = header("x-own")
    assert complete(Provider(manifest=made('auth = "query:key"'), wires={}, auth=own)).auth is own


def test_an_unknown_auth_is_an_error_that_names_the_provider() -> None:
    with pytest.raises(ConfigurationError, match=r"provider 'mine': auth is 'magic'"):
        from_manifest(made('auth = "magic"'))


def test_the_errors_of_the_code_win() -> None:
    own = ErrorMap(codes={"x": ErrorKind.TIMEOUT})
    assert complete(Provider(manifest=made("[errors]", 'y = "timeout"'), wires={}, errors=own)).errors is own


def test_a_kind_that_does_not_exist_is_told_with_its_line() -> None:
    with pytest.raises(ConfigurationError, match=r"test:10: errors\.mine: Invalid enum value 'tired'"):
        made("[errors]", 'fine = "timeout"', 'mine = "tired"')


def test_an_unknown_dialect_is_an_error_that_names_provider_and_wire() -> None:
    with pytest.raises(ConfigurationError, match=r"provider 'mine', wires\.chat: .*klingon"):
        from_manifest(made("[wires.chat]", 'dialect = "klingon"'))


def test_an_unknown_option_is_an_error_that_names_provider_and_wire() -> None:
    with pytest.raises(ConfigurationError, match=r"provider 'mine', wires\.chat: .*warp_speed"):
        from_manifest(made("[wires.chat]", 'dialect = "openai_chat"', "options = { warp_speed = 9 }"))


def test_a_wire_of_the_code_wins_over_the_one_of_the_manifest_and_the_others_are_built() -> None:
    own = object()
    manifest = made("[wires.chat]", 'dialect = "klingon"', "[wires.other]", 'dialect = "anthropic_messages"')
    provider = complete(Provider(manifest=manifest, wires={"chat": own}))
    assert provider.wires["chat"] is own
    assert hasattr(provider.wires["other"], "encode")
