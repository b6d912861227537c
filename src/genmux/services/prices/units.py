"""The units and conditions of genai-prices as ours."""

from collections.abc import Iterator, Mapping

MILLION = 1_000_000

_MODALITIES = ("", "text", "audio", "image", "video")
_TOKENS: dict[str, str] = {
    "input_{}mtok": "tokens.input",
    "output_{}mtok": "tokens.output",
    "cache_{}read_mtok": "tokens.input.cached",
    "cache_{}write_mtok": "tokens.input.cache_write",
    "cache_{}write_5m_mtok": "tokens.input.cache_write.5m",
    "cache_{}write_1h_mtok": "tokens.input.cache_write.1h",
    "input_{}tool_mtok": "tokens.input.tool",
    "output_{}reasoning_mtok": "tokens.output.reasoning",
    "output_{}citation_mtok": "tokens.output.citation",
}


def _tokens() -> Iterator[tuple[str, tuple[str, int]]]:
    """Each kind of token, of all modalities together and of each."""
    for field, meter in _TOKENS.items():
        for modality in _MODALITIES:
            name = field.format(f"{modality}_" if modality else "")
            yield name, (f"{meter}.{modality}" if modality else meter, MILLION)


METERS: dict[str, tuple[str, int]] = {
    **dict(_tokens()),
    "requests_kcount": ("calls", 1_000),
    "web_searches_kcount": ("calls.web_search", 1_000),
    "social_searches_kcount": ("calls.social_search", 1_000),
    "storage_searches_kcount": ("calls.storage_search", 1_000),
    "code_executions_kcount": ("calls.code_execution", 1_000),
    "rerank_searches_kcount": ("calls.rerank", 1_000),
    "audio_hours": ("seconds.audio", 3_600),
    "input_audio_hours": ("seconds.input.audio", 3_600),
    "output_audio_hours": ("seconds.output.audio", 3_600),
    "input_mchars": ("characters.input", MILLION),
    "input_gpixels": ("pixels.input", 1_000_000_000),
    "input_document_kpages": ("pages.input", 1_000),
    "input_annotated_document_kpages": ("pages.input.annotated", 1_000),
    "input_text_messages_kcount": ("messages.input", 1_000),
}
"""The price list's units as our meters, and how many units a price is for."""

CONDITIONS: dict[str, str] = {
    "processing": "service_tier",
    "service_tier": "service_tier",
    "speed": "service_tier",
    "search_type": "variant",
    "route": "variant",
}
"""The price list's conditions as ours. Their values are different from each other, so that none is lost."""

WEEKDAYS_ONLY = frozenset(
    {("deepseek", "deepseek-flash"), ("deepseek", "deepseek-v4-flash"), ("deepseek", "deepseek-v4-pro")}
)
"""Models whose dearer hours are those of Monday to Friday; the price list has no days of the week.

LiteLLM 1.110.2 has them (`off_peak_pricing`, read on 2026-11-27).
"""


def conditions(when: Mapping[str, str]) -> dict[str, str]:
    """Conditions of the price list as ours; one that nobody knows is a variant by its name and value."""
    return {
        CONDITIONS.get(name, "variant"): value if name in CONDITIONS else f"{name}={value}"
        for name, value in when.items()
    }
