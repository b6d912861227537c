"""From a request to the bytes that are sent."""

import re

import msgspec

from genmux.contract.http import json_request
from genmux.contract.model import Model
from genmux.contract.wires import Encoded
from genmux.dialects.anthropic_messages.emulation import emulation_of, words_for
from genmux.dialects.anthropic_messages.encode_messages import Turns
from genmux.dialects.anthropic_messages.encode_settings import (
    add_extra,
    defaulted_max_tokens,
    write_output,
    write_reasoning,
    write_sampling,
    write_tier,
    write_tools,
)
from genmux.dialects.anthropic_messages.notes import Notes
from genmux.dialects.anthropic_messages.profile import VERTEX_VERSION, Profile
from genmux.dialects.anthropic_messages.schema import NAME
from genmux.types.chat import ChatRequest
from genmux.types.content import Content, Fields, File, Image, ToolResult

FILES_BETA = "files-api-2025-04-14"
"""The beta under which file ids are taken (platform.claude.com/docs/en/build-with-claude/files, 2026-11)."""

_NOT_COUNTED = ("max_tokens", "stream", "temperature", "top_p", "top_k", "stop_sequences", "metadata", "service_tier")
"""What the token counter does not take (anthropic 2.12, MessageCountTokensParams)."""

_BETA = re.compile(r"[A-Za-z0-9._-]+")

Headers = tuple[tuple[str, str], ...]


def encode(request: ChatRequest, model: Model, profile: Profile, *, stream: bool) -> Encoded:
    """The request for an answer."""
    notes = Notes()
    body, headers = _body(request, model, profile, notes)
    if stream:
        body["stream"] = True
    path = profile.path
    if profile.style == "vertex":
        path = f"/{model.wire_id}:{'streamRawPredict' if stream else 'rawPredict'}"
    return Encoded(json_request(path, body, stream=stream).with_headers(headers), notes.result())


def encode_count(request: ChatRequest, model: Model, profile: Profile) -> Encoded:
    """The request that only counts tokens; it costs nothing and may be repeated."""
    notes = Notes()
    body, headers = _body(request, model, profile, notes)
    counted = {key: value for key, value in body.items() if key not in _NOT_COUNTED}
    path = f"{profile.path}/count_tokens"
    if profile.style == "vertex":
        path = "/count-tokens:rawPredict"
        counted["model"] = model.wire_id
    http = json_request(path, counted).with_headers(headers)
    warnings = tuple(warning for warning in notes.result() if warning.field not in _NOT_COUNTED)
    return Encoded(msgspec.structs.replace(http, read_only=True), warnings)


def _body(request: ChatRequest, model: Model, profile: Profile, notes: Notes) -> tuple[Fields, Headers]:
    extra = notes.own(request.extra, request.dialect) or {}
    turns = Turns(request, model.origin, profile, notes)
    for position, message in enumerate(request.messages):
        turns.add(message, position)
    emulation = emulation_of(request, model)
    if emulation is not None and emulation.way == "words":
        turns.system.append(words_for(emulation))
    vertex = profile.style == "vertex"
    body: Fields = {"anthropic_version": VERTEX_VERSION} if vertex else {"model": model.wire_id}
    body["max_tokens"] = (
        defaulted_max_tokens(model, profile, notes) if request.max_tokens is None else request.max_tokens
    )
    if (prompt := turns.prompt()) is not None:
        body["system"] = prompt
    body["messages"] = turns.messages
    write_tools(body, request, model, emulation, notes)
    write_output(body, request, emulation, notes)
    write_reasoning(body, request, model, profile, notes)
    write_sampling(body, request, profile, notes)
    write_tier(body, request, notes)
    if request.user is not None:
        body["metadata"] = {"user_id": request.user}
    if extra:
        add_extra(body, {key: value for key, value in extra.items() if key != "betas"})
    return body, headers_of(request, profile)


def headers_of(request: ChatRequest, profile: Profile) -> Headers:
    """The headers beside those of every JSON request: the version, and the betas that were asked for."""
    headers = (("anthropic-version", profile.version),) if profile.version and profile.style == "messages" else ()
    extra = request.extra if request.dialect in (None, NAME) else None
    asked = (extra or {}).get("betas")
    named = (str(beta) for beta in asked) if isinstance(asked, list | tuple) else ()
    betas = dict.fromkeys((*profile.beta, *(beta for beta in named if _BETA.fullmatch(beta))))
    if any(_is_file_id(block) for message in request.messages for block in message.content):
        betas[FILES_BETA] = None
    return (*headers, ("anthropic-beta", ",".join(betas))) if betas else headers


def _is_file_id(block: Content) -> bool:
    match block:
        case Image(file_id=str()) | File(file_id=str()):
            return True
        case ToolResult(content=content):
            return any(_is_file_id(inner) for inner in content)
        case _:
            return False
