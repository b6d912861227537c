"""The words of the Messages API: names, tables, and the events of a stream that come by the thousand.

Source: platform.claude.com/docs/en/api/messages and the types of the official SDK (anthropic 2.12), 2026-11.
"""

from typing import Any, Final

import msgspec

from genmux.types.chat import FinishUnified
from genmux.types.content import Fields
from genmux.types.errors import ErrorKind

NAME: Final = "anthropic_messages"
"""By which the dialect is named, in manifests and in `dialect` fields."""

STOP_REASONS: dict[str, FinishUnified] = {
    "end_turn": "stop",
    "stop_sequence": "stop",
    "max_tokens": "length",
    "model_context_window_exceeded": "length",
    "tool_use": "tool_calls",
    "pause_turn": "pause",
    "refusal": "refusal",
}
"""What each reason to stop means; one that is not listed is `other`, and its own word is kept."""

STOP_WORDS: dict[FinishUnified, str] = {
    "stop": "end_turn",
    "length": "max_tokens",
    "tool_calls": "tool_use",
    "content_filter": "refusal",
    "refusal": "refusal",
    "pause": "pause_turn",
    "error": "end_turn",
    "other": "end_turn",
}
"""The reverse for answers of other dialects. The list is closed: official clients know no word for `error` or `other`."""

REFUSALS: dict[ErrorKind, tuple[int, str]] = {
    ErrorKind.AUTHENTICATION: (401, "authentication_error"),
    ErrorKind.PERMISSION: (403, "permission_error"),
    ErrorKind.RATE_LIMIT: (429, "rate_limit_error"),
    ErrorKind.QUOTA_EXCEEDED: (402, "billing_error"),
    ErrorKind.INVALID_REQUEST: (400, "invalid_request_error"),
    ErrorKind.NOT_FOUND: (404, "not_found_error"),
    ErrorKind.CONTEXT_OVERFLOW: (400, "invalid_request_error"),
    ErrorKind.CONTENT_FILTERED: (400, "invalid_request_error"),
    ErrorKind.TIMEOUT: (504, "timeout_error"),
    ErrorKind.NETWORK: (502, "api_error"),
    ErrorKind.OVERLOADED: (529, "overloaded_error"),
    ErrorKind.SERVER: (500, "api_error"),
    ErrorKind.MALFORMED_REPLY: (502, "api_error"),
    ErrorKind.CANCELLED: (499, "api_error"),
    ErrorKind.CONFIGURATION: (500, "api_error"),
    ErrorKind.BUDGET_EXCEEDED: (402, "billing_error"),
    ErrorKind.UNSUPPORTED: (400, "invalid_request_error"),
    ErrorKind.UNKNOWN: (500, "api_error"),
}
"""The HTTP status and the word for each kind of error (platform.claude.com/docs/en/api/errors, 2026-11)."""

UNPARSED: Final = "unparsed_arguments"
"""The one key of a tool call's `input` when its arguments are no JSON object: `input` must be one on this wire."""


class TextPiece(msgspec.Struct, frozen=True, gc=False, forbid_unknown_fields=True, tag_field="type", tag="text_delta"):
    """More text."""

    text: str


class ThinkingPiece(
    msgspec.Struct, frozen=True, gc=False, forbid_unknown_fields=True, tag_field="type", tag="thinking_delta"
):
    """More thinking."""

    thinking: str


class ArgumentsPiece(
    msgspec.Struct, frozen=True, gc=False, forbid_unknown_fields=True, tag_field="type", tag="input_json_delta"
):
    """More of the JSON text of a tool's input."""

    partial_json: str


class SignaturePiece(
    msgspec.Struct, frozen=True, gc=False, forbid_unknown_fields=True, tag_field="type", tag="signature_delta"
):
    """The signature of a thinking block, whole."""

    signature: str


class CitationPiece(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="type", tag="citations_delta"):
    """One more citation for a text."""

    citation: Fields


Piece = TextPiece | ThinkingPiece | ArgumentsPiece | SignaturePiece | CitationPiece


class BlockDelta(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="type", tag="content_block_delta"):
    """One piece for one block. Anything beside these fields makes decoding fail: it is then read the slow way, and reported."""

    index: int
    delta: Piece


BLOCK_DELTA = msgspec.json.Decoder(BlockDelta)
OBJECT: "msgspec.json.Decoder[dict[str, Any]]" = msgspec.json.Decoder(dict[str, Any])
"""Everything else is decoded as a table, from which `fields.take` takes what is known: what is left is carried."""
