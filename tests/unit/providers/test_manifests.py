"""The manifests that come with genmux are right in themselves and agree with the price list."""

import datetime
import re
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from genai_prices.data_snapshot import get_snapshot

import genmux
from genmux.contract.manifest import Manifest, inherit, read_manifest
from genmux.contract.model import Model
from genmux.contract.operations import OPERATIONS, OUTPUTS
from genmux.services.registry import Registry

FOLDER = Path(genmux.__file__).parent / "providers"
WITH_CODE = {"local", "mock"}
MANIFESTS = {path.parent.name: read_manifest(path) for path in sorted(FOLDER.glob("*/manifest.toml"))}
DATA_ONLY = {name: manifest for name, manifest in MANIFESTS.items() if name not in WITH_CODE}
CODED = {path.parent.name for path in FOLDER.glob("*/__init__.py")}
REGISTRY = Registry()
PRICED = {provider.id: provider for provider in get_snapshot().providers}
LOCAL = {"llamacpp", "lmstudio", "ollama", "vllm"}

EVERY = pytest.mark.parametrize("manifest", [pytest.param(one, id=name) for name, one in DATA_ONLY.items()])

ADDRESSES = {
    "alibaba": ("https://dashscope-intl.aliyuncs.com/compatible-mode/v1", "DASHSCOPE_API_KEY"),
    "anthropic": ("https://api.anthropic.com/v1", "ANTHROPIC_API_KEY"),
    "cerebras": ("https://api.cerebras.ai/v1", "CEREBRAS_API_KEY"),
    "deepinfra": ("https://api.deepinfra.com/v1/openai", "DEEPINFRA_API_KEY"),
    "deepseek": ("https://api.deepseek.com", "DEEPSEEK_API_KEY"),
    "fireworks": ("https://api.fireworks.ai/inference/v1", "FIREWORKS_API_KEY"),
    "github": ("https://models.github.ai/inference", "GITHUB_TOKEN"),
    "groq": ("https://api.groq.com/openai/v1", "GROQ_API_KEY"),
    "huggingface": ("https://router.huggingface.co/v1", "HF_TOKEN"),
    "lmstudio": ("http://127.0.0.1:1234/v1", "LMSTUDIO_API_KEY"),
    "meta": ("https://api.meta.ai/v1", "META_API_KEY"),
    "minimax": ("https://api.minimax.io", "MINIMAX_API_KEY"),
    "mistral": ("https://api.mistral.ai/v1", "MISTRAL_API_KEY"),
    "moonshot": ("https://api.moonshot.ai/v1", "MOONSHOT_API_KEY"),
    "nebius": ("https://api.tokenfactory.nebius.com/v1", "NEBIUS_API_KEY"),
    "novita": ("https://api.novita.ai/openai", "NOVITA_API_KEY"),
    "nvidia": ("https://integrate.api.nvidia.com/v1", "NVIDIA_API_KEY"),
    "ollama": ("http://127.0.0.1:11434", "OLLAMA_API_KEY"),
    "openai": ("https://api.openai.com/v1", "OPENAI_API_KEY"),
    "openrouter": ("https://openrouter.ai/api/v1", "OPENROUTER_API_KEY"),
    "perplexity": ("https://api.perplexity.ai", "PERPLEXITY_API_KEY"),
    "sambanova": ("https://api.sambanova.ai/v1", "SAMBANOVA_API_KEY"),
    "siliconflow": ("https://api.siliconflow.com/v1", "SILICONFLOW_API_KEY"),
    "together": ("https://api.together.ai/v1", "TOGETHER_API_KEY"),
    "vercel": ("https://ai-gateway.vercel.sh/v1", "AI_GATEWAY_API_KEY"),
    "xai": ("https://api.x.ai/v1", "XAI_API_KEY"),
    "zai": ("https://api.z.ai/api/paas/v4", "ZHIPU_API_KEY"),
}
"""Addresses and keys as the research report on providers (2026-11-21) has them."""


def models_of(manifest: Manifest) -> dict[str, Model]:
    return {
        name: Model(
            provider=manifest.id,
            id=name,
            wire_id=spec.wire_id or name,
            spec=inherit(spec, manifest.model_defaults),
        )
        for name, spec in manifest.models.items()
    }


def test_there_are_anthropic_openrouter_and_many_more_as_data_alone() -> None:
    alone = DATA_ONLY.keys() - CODED
    assert {"anthropic", "openrouter"} <= alone
    assert len(alone) >= 25


@EVERY
def test_a_manifest_lies_in_a_folder_of_its_name(manifest: Manifest) -> None:
    assert MANIFESTS[manifest.id] is manifest


@pytest.mark.parametrize(("name", "address", "key"), [(name, *told) for name, told in ADDRESSES.items()])
def test_addresses_and_keys_are_those_of_the_research_report(name: str, address: str, key: str) -> None:
    assert DATA_ONLY[name].base_url == address
    assert key in DATA_ONLY[name].credentials["api_key"].env


@EVERY
def test_environment_variables_are_upper_case(manifest: Manifest) -> None:
    names = [*manifest.base_url_env, *(env for field in manifest.credentials.values() for env in field.env)]
    assert names
    assert all(re.fullmatch(r"[A-Z][A-Z0-9_]+", name) for name in names)


@EVERY
def test_credentials_are_required_exactly_of_providers_that_are_not_local(manifest: Manifest) -> None:
    assert manifest.local == (manifest.id in LOCAL)
    assert manifest.requires_credentials != manifest.local
    assert manifest.credentials["api_key"].required != manifest.local


@EVERY
def test_the_address_is_one_that_may_receive_the_key(manifest: Manifest) -> None:
    parts = urlsplit(manifest.base_url)
    assert parts.hostname in manifest.api_hosts
    assert parts.scheme == ("http" if manifest.local else "https")
    assert not manifest.base_url.endswith("/")


@EVERY
def test_every_provider_is_told_by_its_own_address(manifest: Manifest) -> None:
    generic_port = manifest.id in {"llamacpp", "vllm"}
    assert Registry().detect(manifest.base_url) == (None if generic_port else manifest.id)


def test_no_two_providers_claim_one_domain() -> None:
    claimed = [domain for manifest in MANIFESTS.values() for domain in manifest.domains]
    assert len(claimed) == len(set(claimed))


@EVERY
def test_a_manifest_describes_its_provider(manifest: Manifest) -> None:
    assert manifest.description.endswith(".")
    assert str(manifest.documentation).startswith("https://")


@EVERY
def test_the_health_probe_is_a_reading_request(manifest: Manifest) -> None:
    if manifest.health is None:
        assert "there is no health probe" in (FOLDER / manifest.id / "manifest.toml").read_text()
    else:
        assert manifest.health.method == "GET"
        path = manifest.health.path
        assert path.startswith("/") or urlsplit(path).hostname in manifest.api_hosts


@EVERY
def test_a_manifest_names_its_sources_and_their_day(manifest: Manifest) -> None:
    text = (FOLDER / manifest.id / "manifest.toml").read_text()
    assert text.startswith("# Sources: ")
    assert "read 2026-" in text.replace("\n# ", " ")


@EVERY
def test_every_wire_can_be_built(manifest: Manifest) -> None:
    provider = REGISTRY.load(manifest.id)
    assert provider.wires.keys() >= manifest.wires.keys()
    assert provider.wires.keys() == manifest.wires.keys() or manifest.id in CODED
    ways = ("encode", "submit", "open")
    assert all(any(hasattr(wire, way) for way in ways) for wire in provider.wires.values())


@EVERY
def test_every_operation_of_every_model_has_a_wire(manifest: Manifest) -> None:
    for spec in (manifest.model_defaults, *manifest.models.values()):
        assert set(spec.operations.values()) <= REGISTRY.load(manifest.id).wires.keys()
        assert set(spec.operations) <= set(OPERATIONS)


@EVERY
def test_every_wire_is_used_by_a_model(manifest: Manifest) -> None:
    used = {wire for spec in (manifest.model_defaults, *manifest.models.values()) for wire in spec.operations.values()}
    assert used == REGISTRY.load(manifest.id).wires.keys()


@EVERY
def test_every_default_lies_in_its_own_range(manifest: Manifest) -> None:
    for model in models_of(manifest).values():
        for name, param in model.spec.params.items():
            assert param.default is None or param.fault(name, param.default) is None
            assert param.min is None or param.max is None or param.min <= param.max


@EVERY
def test_dates_are_dates_and_replacements_are_models(manifest: Manifest) -> None:
    for spec in manifest.models.values():
        life = spec.lifecycle
        for date in (life.released, life.deprecated, life.shutdown):
            assert date is None or datetime.date.fromisoformat(date)
        assert life.replacement is None or life.replacement in manifest.models


@EVERY
def test_limits_are_plausible(manifest: Manifest) -> None:
    for name, model in models_of(manifest).items():
        context, answer = model.limits.context_tokens, model.limits.max_output_tokens
        assert context is None or context >= 512, name
        assert context is None or answer is None or answer <= context, name


@EVERY
def test_embedding_models_have_no_features_of_chat(manifest: Manifest) -> None:
    for model in models_of(manifest).values():
        if "embed" in model.spec.operations and "chat" not in model.spec.operations:
            assert set(model.spec.features) <= {"dimensions"}
            assert model.limits.max_output_tokens is None


@EVERY
def test_the_price_provider_is_in_the_price_list(manifest: Manifest) -> None:
    assert manifest.price_provider is None or manifest.price_provider in PRICED


BESIDES = {*OUTPUTS, "transcribe"}
"""Operations whose prices stand in the catalogue."""

UNPRICED = {
    ("fireworks", "qwen3-embedding-8b"),
    ("openai", "gpt-6.2-astra"),
    ("openai", "gpt-6.2-sol"),
    ("openrouter", "openai/text-embedding-3-large"),
    ("openrouter", "openai/text-embedding-3-small"),
    ("together", "BAAI/bge-base-en-v1.5"),
    ("zai", "glm-4.7-flash"),
    ("zai", "glm-5v-turbo"),
}
"""Models that exist but are not in the price list yet: their price is unknown, not zero."""


@EVERY
def test_listed_models_are_in_the_price_list_under_their_wire_id(manifest: Manifest) -> None:
    if manifest.price_provider is None:
        return
    listed = PRICED[manifest.price_provider]
    unknown = {
        (manifest.id, name)
        for name, model in models_of(manifest).items()
        if not listed.find_model(model.wire_id.lower()) and BESIDES.isdisjoint(model.spec.operations)
    }
    assert unknown == {one for one in UNPRICED if one[0] == manifest.id}


def test_local_servers_cost_nothing_and_say_so() -> None:
    for name in LOCAL:
        rows = DATA_ONLY[name].model_defaults.prices
        assert {row.meter for row in rows} == {"tokens.input", "tokens.output"}
        assert all(row.amount == 0 for row in rows)


def test_claude_takes_temperature_up_to_one_and_its_newer_models_none() -> None:
    models = models_of(DATA_ONLY["anthropic"])
    older, newer = models["claude-haiku-4-5"].spec.params, models["claude-opus-5-5"].spec.params
    assert older["temperature"].fault("temperature", 1.0) is None
    assert older["temperature"].fault("temperature", 1.1) is not None
    assert newer["temperature"].supported is False


def test_models_that_always_think_take_only_the_usual_temperature() -> None:
    for name in ("gpt-6-astra", "gpt-5", "o3"):
        temperature = models_of(DATA_ONLY["openai"])[name].spec.params["temperature"]
        assert temperature.fault("temperature", 1) is None
        assert temperature.fault("temperature", 0.2) is not None


def test_shutdown_dates_are_those_of_the_vendors() -> None:
    ends = {
        name: spec.lifecycle.shutdown for name, spec in DATA_ONLY["openai"].models.items() if spec.lifecycle.shutdown
    }
    assert ends == {
        "gpt-5.4-nano": "2027-04-01",
        "gpt-5": "2026-12-11",
        "gpt-5-mini": "2026-12-11",
        "gpt-5-nano": "2026-12-11",
        "o3": "2026-12-11",
        "gpt-4.1": "2027-01-14",
        "gpt-4.1-mini": "2027-01-14",
        "gpt-4o": "2027-01-14",
        "gpt-4o-mini": "2027-01-14",
        "gpt-image-1.5": "2026-12-01",
        "chatgpt-image-latest": "2026-12-01",
        "gpt-image-1-mini": "2026-12-01",
        **dict.fromkeys(("gpt-4o-mini-tts", "gpt-4o-mini-tts-2025-12-15", "tts-1", "tts-1-hd"), "2027-01-06"),
        **dict.fromkeys(
            (
                "gpt-4o-transcribe",
                "gpt-4o-mini-transcribe",
                "gpt-4o-mini-transcribe-2025-12-15",
                "gpt-4o-transcribe-diarize",
                "whisper-1",
            ),
            "2027-02-26",
        ),
        "gpt-realtime": "2027-01-20",
        "gpt-realtime-mini": "2027-01-20",
    }
    assert DATA_ONLY["anthropic"].models["claude-sonnet-4-5"].lifecycle.shutdown == "2026-11-30"


def test_reasoning_state_is_shared_within_a_makers_family_even_behind_a_router() -> None:
    assert {model.origin for model in models_of(DATA_ONLY["anthropic"]).values()} == {"anthropic/claude"}
    routed = models_of(DATA_ONLY["openrouter"])
    assert routed["anthropic/claude-opus-5.5"].origin == "openrouter/claude"
    assert routed["openai/gpt-6-luna"].origin == "openrouter/openai"
