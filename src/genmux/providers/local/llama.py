"""llama.cpp's server as a library: JSON in, JSON chunks out, and nobody else can reach it."""

import shutil
import sys
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path
from queue import Empty, SimpleQueue
from secrets import token_hex
from typing import Any

from genmux.providers.local.settings import missing_extra
from genmux.types.errors import ConfigurationError, ErrorKind, ProviderError, Retry

BATCH = 128
"""How many tokens of a prompt are computed at once: as fast as more, and a stop is heard after each batch."""

PATIENCE = 0.05
"""After so many seconds without a chunk the caller may see whether the answer is still wanted."""

PROMPT_CACHE = 256
"""How many MiB of prompts that were read already are kept; llama.cpp would take 8,192."""

LONGEST_FOLDER = 60
"""The path of a socket file has room for about 100 characters."""

QUIET = -1
"""Nothing is printed but errors."""


class Llama:
    """One loaded GGUF file. Raises ConfigurationError when it cannot be loaded."""

    def __init__(self, path: Path, *, alias: str, threads: int, reading: int, context: int) -> None:
        try:
            import xllamacpp
        except ImportError as error:
            raise missing_extra(error) from error
        library: Any = xllamacpp
        params = library.CommonParams()
        params.model.path = str(path)
        params.model_alias = {alias}
        params.n_ctx = context
        params.n_parallel = 1
        params.n_batch = params.n_ubatch = BATCH
        params.cpuparams.n_threads = threads
        params.cpuparams_batch.n_threads = max(threads, reading)
        params.cache_ram_mib = PROMPT_CACHE
        params.verbosity = QUIET
        folder = _shut_listener(params)
        try:
            self._server = library.Server(params)
        except RuntimeError as error:
            message = f"the model file {path} cannot be loaded: it is damaged, needs more memory, or a newer llama.cpp"
            raise ConfigurationError(message, param="model") from error
        finally:
            shutil.rmtree(folder)

    def chat(self, body: bytes) -> Iterator[bytes | None]:
        """The chunks of a streamed answer; None after each PATIENCE without one. Closing it stops the work.

        Raises ProviderError when the request is refused before it is begun.
        """
        chunks: SimpleQueue[bytes | Exception | None] = SimpleQueue()
        unwanted = threading.Event()

        def take(chunk: bytes) -> bool:
            chunks.put(chunk)
            return unwanted.is_set()

        def work() -> None:
            try:
                self._server.handle_chat_completions(body, take)
            except (ValueError, RuntimeError) as error:
                chunks.put(error)
            finally:
                chunks.put(None)

        thread = threading.Thread(target=work, name="llama", daemon=True)
        thread.start()
        try:
            yield from _until_end(chunks)
        finally:
            unwanted.set()
            thread.join()


def _until_end(chunks: "SimpleQueue[bytes | Exception | None]") -> Iterator[bytes | None]:
    while True:
        try:
            chunk = chunks.get(timeout=PATIENCE)
        except Empty:
            yield None
            continue
        match chunk:
            case None:
                return
            case ValueError():
                raise ProviderError(str(chunk), kind=ErrorKind.INVALID_REQUEST) from chunk
            case Exception():
                raise ProviderError(str(chunk), kind=ErrorKind.SERVER, retry=Retry.NEVER) from chunk
            case _:
                yield chunk


def _shut_listener(params: Any) -> str:
    """Keep everybody else out of the HTTP server that llama.cpp opens beside the library, and cannot do without.

    It listens on a socket file in a folder of our own, which is deleted as soon as the model is loaded: there is no port,
    and no name left by which it could be reached. Where there are no socket files, nobody knows its key.
    """
    too_long = len(tempfile.gettempdir()) > LONGEST_FOLDER
    folder = tempfile.mkdtemp(prefix="genmux-", dir="/tmp" if too_long else None)  # noqa: S108 — made private
    if sys.platform != "win32":
        params.hostnames = [str(Path(folder) / "llama.sock")]
    params.api_keys = [token_hex(32)]
    params.ui = False
    params.endpoint_slots = False
    params.n_threads_http = 1
    return folder
