"""Chat through llama.cpp (xllamacpp): SmolLM2, or any GGUF file.

The engine takes and gives the documents of OpenAI's chat API, so the dialect does the translation.
"""

import os
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any, ClassVar, Literal

import msgspec

from genmux.contract.error_map import ErrorMap, classify
from genmux.contract.features import Support
from genmux.contract.http import HttpReply, WireEvent
from genmux.contract.local import Pause
from genmux.contract.model import Model
from genmux.contract.wires import Sent, StreamWire
from genmux.dialects import load_dialect
from genmux.providers.local.files import find_model
from genmux.providers.local.llama import Llama
from genmux.providers.local.settings import core_count, number, thread_count
from genmux.providers.local.tool_calls import answers_a_tool, as_call, without_tools
from genmux.types.chat import ChatRequest, ChatResult
from genmux.types.errors import ErrorKind, ProviderError, Retry
from genmux.types.money import TokenCount
from genmux.types.parts import Part, WarningPart

PROFILE: dict[str, Any] = {
    "system_role": "system",
    "reasoning": (),
    "drop": ("metadata", "service_tier", "user"),
}
"""What of the dialect llama.cpp does not know."""

CONTEXT = 4096
"""The context of a model for which nobody said more."""


NOTHING: Mapping[str, Any] = MappingProxyType({})

EXACT = MappingProxyType({"temperature": 0, "repeat_penalty": 1.0})
"""What a tool is given are words of the user, and what is told of it are its own: a penalty on repeating them would change them."""


class _Progress(msgspec.Struct, frozen=True):
    total: int


class _Fault(msgspec.Struct, frozen=True):
    code: int = 500
    n_prompt_tokens: int | None = None


class _Chunk(msgspec.Struct, frozen=True):
    """What concerns us of a chunk; the dialect reads the rest. `prompt_progress` marks one in which nothing is said yet."""

    prompt_progress: _Progress | None = None
    error: _Fault | None = None


_read_chunk = msgspec.json.Decoder(_Chunk).decode


class TextEngine(msgspec.Struct, frozen=True):
    """Loads a GGUF file."""

    isolation: ClassVar[Literal["process"]] = "process"

    def load(self, model: Model, options: dict[str, str]) -> "TextModel":
        """Load it. Raises ConfigurationError when the file, or the package for it, is missing or broken."""
        path = find_model(model.wire_id, options, os.environ)
        context = number(options, "context", least=64) or model.limits.context_tokens or CONTEXT
        return TextModel(
            Llama(path, alias=model.id, threads=thread_count(options), reading=core_count(), context=context), model
        )


class TextModel:
    """A GGUF model in memory."""

    def __init__(self, llama: Llama, model: Model) -> None:
        self._llama = llama
        self._model = model
        self._wire: StreamWire[ChatRequest, ChatResult] = load_dialect("openai_chat").client(PROFILE)
        params = model.spec.params.items()
        self._defaults = {name: param.default for name, param in params if param.default is not None}

    def run(self, request: ChatRequest) -> Iterator[Part | Pause]:
        """The answer in parts; between them pauses of no length, while the prompt is read. Raises ProviderError."""
        if not self._imitates(request):
            yield from self._parts(request)
            return
        plain, tool = without_tools(request)
        parts = self._parts(plain, {} if tool is None and not answers_a_tool(request) else EXACT)
        yield from parts if tool is None else as_call(parts, tool)

    def _imitates(self, request: ChatRequest) -> bool:
        """Whether tools are in the request, and the model has to be helped with them."""
        emulated = self._model.support("tools") is Support.EMULATED
        return emulated and (bool(request.tools) or any(one.role == "tool" for one in request.messages))

    def _parts(self, request: ChatRequest, more: Mapping[str, Any] = NOTHING) -> Iterator[Part | Pause]:
        sent, body, warnings = self._body(request, more)
        yield from map(WarningPart, warnings)
        reader = self._wire.reader(sent)
        for data in self._llama.chat(body):
            if data is None:
                yield Pause(0)
                continue
            chunk = _read_chunk(data)
            if chunk.error is not None:
                raise self._refusal(data, chunk.error)
            if chunk.prompt_progress is None:
                yield from reader.feed(WireEvent(data))
        yield from reader.feed(WireEvent(b"[DONE]"))
        yield from reader.close()

    def count(self, request: ChatRequest) -> TokenCount:
        """The tokens of a request as its template writes it. The model only begins to read; it says how far it has to go."""
        _, body, _ = self._body(without_tools(request)[0] if self._imitates(request) else request)
        for data in self._llama.chat(body):
            if data is None:
                continue
            chunk = _read_chunk(data)
            if chunk.prompt_progress is not None:
                return TokenCount(chunk.prompt_progress.total, exact=True, method="provider")
            if chunk.error is not None and chunk.error.n_prompt_tokens is not None:  # longer than the context
                return TokenCount(chunk.error.n_prompt_tokens, exact=True, method="provider")
            if chunk.error is not None:
                raise self._refusal(data, chunk.error)
        raise ProviderError("llama.cpp did not count the tokens", kind=ErrorKind.SERVER, retry=Retry.NEVER)

    def _body(
        self, request: ChatRequest, more: Mapping[str, Any] = NOTHING
    ) -> tuple[Sent[ChatRequest], bytes, tuple[Any, ...]]:
        encoded = self._wire.encode(request, self._model, stream=True)
        fields = msgspec.json.decode(encoded.http.document or b"{}", type=dict[str, Any])
        body = msgspec.json.encode({**self._defaults, **fields, **more, "return_progress": True})
        return Sent(request, self._model, encoded.http), body, encoded.warnings

    def _refusal(self, data: bytes, fault: _Fault) -> ProviderError:
        error = classify(HttpReply(status=fault.code, headers={}, body=data), ErrorMap())
        error.status = None  # it never was HTTP
        error.provider, error.model = self._model.provider, self._model.id
        return error
