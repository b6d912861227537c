"""A manifest is read from TOML; what is wrong with it is told with file, key and line."""

from pathlib import Path

import pytest

from genmux.contract.features import FEATURES, Support
from genmux.contract.manifest import (
    SPEC,
    Credential,
    Limits,
    Manifest,
    ModelSpec,
    inherit,
    lacking_fields,
    parse_manifest,
    read_manifest,
)
from genmux.contract.operations import KINDS, OPERATIONS
from genmux.contract.params import Param
from genmux.types.errors import ConfigurationError, ErrorKind
from genmux.types.money import Price

GOOD = """\
spec = 1
id = "lumen"
name = "Lumen"
base_url = "https://api.lumen.example/v1"
auth = "header:x-key"
api_hosts = ["api.lumen.example"]

[credentials.api_key]
env = ["LUMEN_API_KEY"]

[errors]
too_fast = "rate_limit"

[wires.chat]
dialect = "openai_chat"
options = { path = "/talk" }

[model_defaults]
operations = { chat = "chat" }
features = { streaming = "native", tools = "no" }

[models."lumen-1.5"]
limits = { context_tokens = 8000 }
params.temperature = { type = "number", min = 0, max = 1, default = 0.5 }

[[models."lumen-1.5".prices]]
meter = "tokens.input"
amount = "0.25"
per = 1_000_000

[models.small]
like = "lumen-1.5"
family = "tiny"
"""


def fault_of(text: str) -> str:
    with pytest.raises(ConfigurationError) as caught:
        parse_manifest(text, source="lumen.toml")
    return caught.value.message


def test_a_manifest_is_read() -> None:
    manifest = parse_manifest(GOOD, source="lumen.toml")

    assert (manifest.id, manifest.name, manifest.version, manifest.enabled) == ("lumen", "Lumen", "1.0.0", True)
    assert manifest.credentials["api_key"].env == ("LUMEN_API_KEY",)
    assert manifest.errors == {"too_fast": ErrorKind.RATE_LIMIT}
    assert manifest.wires["chat"].options == {"path": "/talk"}
    assert manifest.model_defaults.features == {"streaming": Support.NATIVE, "tools": Support.NO}
    assert manifest.models["lumen-1.5"].limits == Limits(context_tokens=8000)
    assert manifest.models["lumen-1.5"].prices[0].amount.as_tuple().digits == (2, 5)
    assert manifest.kinds == ("text",)
    assert manifest.warnings == ()


def test_a_model_is_like_another_where_it_says_nothing_itself() -> None:
    small = parse_manifest(GOOD, source="lumen.toml").models["small"]

    assert small.limits.context_tokens == 8000
    assert small.family == "tiny"
    assert small.params["temperature"].max == 1


def test_a_manifest_file_is_read(tmp_path: Path) -> None:
    path = tmp_path / "manifest.toml"
    path.write_text(GOOD, "utf-8")

    assert read_manifest(path).id == "lumen"


@pytest.mark.parametrize("content", [None, b"\xff\xfe"])
def test_a_file_that_cannot_be_read_is_named(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "manifest.toml"
    if content is not None:
        path.write_bytes(content)

    with pytest.raises(ConfigurationError, match=r"manifest\.toml: cannot be read"):
        read_manifest(path)


WRONG = [
    # what is replaced, by what, the line and the key that the error names, and some of its words
    ('name = "Lumen"', 'naem = "Lumen"', "naem", "unknown field `naem`"),
    ('name = "Lumen"', "name = 7", "name", "Expected `str`, got `int`"),
    ('env = ["LUMEN_API_KEY"]', 'evn = ["LUMEN_API_KEY"]', "credentials.api_key.evn", "unknown field `evn`"),
    ('too_fast = "rate_limit"', 'too_fast = "rate_limt"', "errors.too_fast", "rate_limt"),
    ('options = { path = "/talk" }', 'option = { path = "/talk" }', "wires.chat.option", "unknown field `option`"),
    ('operations = { chat = "chat" }', 'operations = { chat = "talk" }', "model_defaults.operations.chat", "among [chat]"),
    ('operations = { chat = "chat" }', 'operations = { chatt = "chat" }', "model_defaults.operations", "chatt"),
    ('features = { streaming = "native", tools = "no" }', 'features = { streeming = "native" }',
     "model_defaults.features.streeming", "the features are streaming, "),
    ('features = { streaming = "native", tools = "no" }', 'features = { streaming = "some" }',
     "model_defaults.features", "some"),
    ("limits = { context_tokens = 8000 }", "limits = { context = 8000 }", "models.lumen-1.5.limits.context", "unknown field"),
    ("params.temperature = { type", 'params.temperature = { typ = "x", type', "models.lumen-1.5.params", "unknown field `typ`"),
    ("default = 0.5 }", "default = 5 }", "models.lumen-1.5.params.temperature", "the range is 0 to 1"),
    ('amount = "0.25"', 'amount = "cheap"', "models.lumen-1.5.prices", "decimal"),
    ('amount = "0.25"', 'amount = "-1"', "models.lumen-1.5.prices", "must be a number from 0 on"),
    ('amount = "0.25"', 'when = { moon = "full" }\namount = "0.25"', "models.lumen-1.5.prices", "no condition `moon`"),
    ('like = "lumen-1.5"', 'like = "lumen"', "models.small.like", "it must name a model of this manifest"),
    ('like = "lumen-1.5"', 'like = "small"', "models.small.like", "it must name a model of this manifest"),
    ('id = "lumen"', 'id = "lu men"', "id", "must be letters, digits"),
    ("spec = 1", "spec = 99", "spec", "needs a newer genmux"),
    ("spec = 1", 'spec = "one"', "spec", "this genmux reads 1 to"),
]  # fmt: skip


@pytest.mark.parametrize(("old", "new", "key", "words"), WRONG, ids=[case[1] for case in WRONG])
def test_what_is_wrong_is_told_with_file_line_and_key(old: str, new: str, key: str, words: str) -> None:
    assert old in GOOD
    text = GOOD.replace(old, new)
    place, _, message = fault_of(text).partition(": ")

    changed = next(number for number, line in enumerate(GOOD.splitlines(), start=1) if old in line)
    assert place == f"lumen.toml:{changed}"
    assert message.startswith(key)
    assert words in message


def test_a_wire_that_the_providers_code_brings_is_named_beside_those_of_the_dialects() -> None:
    text = GOOD.replace('operations = { chat = "chat" }', 'operations = { chat = "talk" }')
    manifest = parse_manifest(text.replace("spec = 1", 'spec = 1\ncode_wires = ["talk"]'), source="lumen.toml")
    assert manifest.model_defaults.operations == {"chat": "talk"}


def test_what_stands_in_for_a_field_must_be_a_field() -> None:
    text = GOOD.replace('env = ["LUMEN_API_KEY"]', 'env = ["LUMEN_API_KEY"]\nunless = ["password"]')
    assert "credentials.api_key.unless: unless names 'password', which is no field" in fault_of(text)


PAIR_OR_KEY = {
    "api_key": Credential(unless=("id", "secret")),
    "id": Credential(required=False),
    "secret": Credential(required=False),
}


@pytest.mark.parametrize(
    ("found", "lacking"),
    [((), ["api_key"]), (("id",), ["api_key"]), (("id", "secret"), []), (("api_key",), []), (("api_key", "id"), [])],
)
def test_a_field_may_be_left_out_when_all_that_stand_in_for_it_are_there(
    found: tuple[str, ...], lacking: list[str]
) -> None:
    assert lacking_fields(PAIR_OR_KEY, found) == lacking


def test_a_missing_field_is_named() -> None:
    assert fault_of('spec = 1\nid = "x"\n').endswith("Object missing required field `name`")


def test_a_text_that_is_no_toml_is_told_with_its_line() -> None:
    message = fault_of("spec = 1\nid = \n")

    assert message.startswith("lumen.toml: not valid TOML: ")
    assert "line 2" in message


def test_all_faults_are_told_at_once() -> None:
    text = GOOD.replace('id = "lumen"', 'id = "?"').replace('tools = "no"', 'tulls = "no"')

    assert fault_of(text).count("lumen.toml:") == 2


def test_an_older_edition_works_and_is_warned_of(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("genmux.contract.manifest.SPEC", SPEC + 1)

    (warning,) = parse_manifest(GOOD, source="lumen.toml").warnings
    assert (warning.kind, warning.field) == ("deprecated", "spec")
    assert f"its successor is spec = {SPEC + 1}" in warning.detail


def test_kinds_follow_from_the_operations_of_the_models() -> None:
    models = {
        "a": ModelSpec(operations={"chat": "w", "realtime": "w"}),
        "b": ModelSpec(operations={"text_to_image": "w"}),
    }

    assert Manifest(spec=1, id="x", name="X", models=models).kinds == ("text", "image", "realtime")


def test_every_operation_makes_a_provider_one_of_a_kind() -> None:
    assert sorted(operation for operations in KINDS.values() for operation in operations) == sorted(OPERATIONS)


def test_every_feature_is_documented() -> None:
    assert all(name.isidentifier() and text.endswith(".") for name, text in FEATURES.items())


def test_a_model_inherits_what_it_leaves_out() -> None:
    base = ModelSpec(
        name="Base", family="f", tokenizer="o200k_base", operations={"chat": "w"}, features={"tools": Support.NO, "vision": Support.NO},
        params={"n": Param(type="integer")}, limits=Limits(context_tokens=1, max_output_tokens=2),
        prices=(Price(meter="calls", amount=1),),  # pyright: ignore[reportArgumentType]
    )  # fmt: skip

    spec = inherit(ModelSpec(features={"tools": Support.NATIVE}, limits=Limits(context_tokens=9)), base)
    assert spec.features == {"tools": Support.NATIVE, "vision": Support.NO}
    assert spec.limits == Limits(context_tokens=9, max_output_tokens=2)
    assert (spec.operations, spec.prices, spec.params) == (base.operations, base.prices, base.params)
    assert (spec.family, spec.tokenizer, spec.name) == ("f", "o200k_base", None)


def test_a_model_of_another_operation_inherits_nothing_that_belongs_to_operations() -> None:
    base = ModelSpec(
        family="f", operations={"chat": "w"}, features={"tools": Support.NO}, limits=Limits(context_tokens=1)
    )

    spec = inherit(ModelSpec(operations={"embed": "e"}), base)
    assert (spec.features, spec.limits, spec.operations) == ({}, Limits(), {"embed": "e"})
    assert spec.family == "f"
