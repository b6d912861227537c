"""The words of Chat Completions: names and tables.

Sources: platform.openai.com/docs/api-reference/chat, openrouter.ai/docs/api-reference, docs.mistral.ai/api,
api-docs.deepseek.com, docs.perplexity.ai, docs.x.ai, the types of the official SDK (openai 3.54), all 2026-11; and
recorded traffic of some forty hosts.
"""

from typing import Any, Final

import msgspec

from genmux.types.chat import FinishUnified

NAME: Final = "openai_chat"
"""By which the dialect is named, in manifests and in `dialect` fields."""

COMPLETION: Final = "chat.completion"
CHUNK: Final = "chat.completion.chunk"
DONE: Final = b"[DONE]"
"""With which the last event of a stream begins, at most hosts."""

PLAIN_REASONING: Final = ("reasoning_content", "reasoning")
"""Fields in which hosts tell reasoning as plain text: DeepSeek's name first, then OpenRouter's."""

DETAILS: Final = "reasoning_details"
"""OpenRouter's list of reasoning items, which has places for signatures and encrypted state."""

REASONING: Final = frozenset({*PLAIN_REASONING, DETAILS})
"""All of these."""

PADDING: Final = ("obfuscation", "p")
"""Random letters that OpenAI and Mistral add to chunks against eavesdroppers who measure lengths. They say nothing."""

FINISH_WORDS: dict[str, FinishUnified] = {
    "stop": "stop",
    "eos": "stop",
    "eos_token": "stop",
    "end_turn": "stop",
    "stop_sequence": "stop",
    "STOP": "stop",
    "COMPLETE": "stop",
    "STOP_SEQUENCE": "stop",
    "length": "length",
    "max_tokens": "length",
    "maximum_tokens": "length",
    "model_length": "length",
    "MAX_TOKENS": "length",
    "tool_calls": "tool_calls",
    "function_call": "tool_calls",
    "tool_use": "tool_calls",
    "TOOL_CALL": "tool_calls",
    "content_filter": "content_filter",
    "guardrail_intervened": "content_filter",
    "sensitive": "content_filter",
    "SAFETY": "content_filter",
    "RECITATION": "content_filter",
    "PROHIBITED_CONTENT": "content_filter",
    "BLOCKLIST": "content_filter",
    "SPII": "content_filter",
    "MODEL_ARMOR": "content_filter",
    "refusal": "refusal",
    "pause_turn": "pause",
    "error": "error",
    "network_error": "error",
    "insufficient_system_resource": "error",
    "UNEXPECTED_TOOL_CALL": "error",
    "MALFORMED_FUNCTION_CALL": "error",
}
"""What each finish reason means; one that is not listed is `other`, and its own word is kept."""

OWN_FINISH: Final = frozenset({"stop", "length", "tool_calls", "content_filter", "function_call"})
"""The closed list of the official clients."""

FINISH_REASONS: dict[FinishUnified, str] = {
    "stop": "stop",
    "length": "length",
    "tool_calls": "tool_calls",
    "content_filter": "content_filter",
    "refusal": "content_filter",
    "pause": "stop",
    "error": "stop",
    "other": "stop",
}
"""Our words in those of the official clients, for answers of other dialects."""

SERVICE_TIERS: Final = frozenset({"auto", "default", "flex", "scale", "priority", "fast"})
"""The tiers that the official clients know."""

AUDIO_TYPES: dict[str, str] = {
    "mp3": "audio/mpeg",
    "m4a": "audio/mp4",
    "pcm16": "audio/L16",
}
"""Media types of audio formats; any other format is `audio/FORMAT`."""

AUDIO_FORMATS: dict[str, str] = {media_type: name for name, media_type in AUDIO_TYPES.items()} | {
    "audio/mp3": "mp3",
    "audio/x-wav": "wav",
    "audio/wave": "wav",
    "audio/x-m4a": "m4a",
}
"""The reverse."""

OBJECT: "msgspec.json.Decoder[dict[str, Any]]" = msgspec.json.Decoder(dict[str, Any])
"""Bodies and chunks are decoded as tables, from which `fields.take` takes what is known: what is left is carried.

For the small chunks of a stream this is faster than decoding into typed structs (0.8 against 1.0 µs), and it is what lets
unknown fields travel.
"""
