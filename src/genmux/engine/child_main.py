"""The other side of `genmux.engine.child`: the program that runs in a child process, with one model in it.

It reads orders from what was its standard input and writes reports to what was its standard output. Whatever native code
prints goes to standard error, which the parent logs. It ends when its input ends, and so never outlives its parent.
"""

import faulthandler
import importlib
import os
import signal
import sys
import threading
import traceback
from collections.abc import Generator, Iterator
from contextlib import closing
from queue import SimpleQueue
from typing import Any

import msgspec

from genmux.contract.local import Loaded, LocalCounter, LocalEngine, Pause, Progress
from genmux.engine.child_frames import (
    HEADER,
    Begun,
    Chat,
    Count,
    Counted,
    Done,
    Embed,
    Failed,
    Heard,
    Load,
    Made,
    Make,
    Moved,
    Order,
    Piece,
    Question,
    Ready,
    Report,
    Speak,
    Spoken,
    Stop,
    Transcribe,
    Vectors,
    length_of,
    pack,
    read_order,
    read_report,
)
from genmux.types.embed import EmbedResult
from genmux.types.errors import ConfigurationError, ErrorKind, ProviderError, Retry, UnsupportedError
from genmux.types.jobs import Completed, Filtered
from genmux.types.jobs import Failed as FailedJob
from genmux.types.speech import SpeechDelta, SpeechStart, SpeechWords
from genmux.types.transcription import TranscriptDelta, TranscriptDone, TranscriptSegment

NO_COUNT = "this model does not count tokens"
LAST_WORDS = 1.0
"""How many seconds a child has to end by itself when its parent is gone."""


class Child:
    """Obeys orders, one after the other; a thread listens meanwhile for the order to stop."""

    def __init__(self, orders: int, reports: int) -> None:
        self._orders_from = orders
        self._reports_to = reports
        self._orders: SimpleQueue[Order | ProviderError | None] = SimpleQueue()
        self._loaded: Loaded | None = None
        self._stopped = 0
        self._woken = threading.Event()

    def run(self) -> None:
        """Obey until the parent closes the pipe."""
        threading.Thread(target=self._listen, daemon=True, name="orders").start()
        while (order := self._orders.get()) is not None:
            match order:
                case Load():
                    self._report(self._load(order))
                case Chat() | Embed() | Make() | Speak() | Transcribe() | Count():
                    self._report(Begun())
                    self._report(self._answer(order))
                case Stop():
                    pass  # heard by the listening thread already
                case ProviderError():
                    self._report(Begun())
                    self._report(Failed(order))

    def _listen(self) -> None:
        with os.fdopen(self._orders_from, "rb") as pipe:
            while len(header := pipe.read(HEADER)) == HEADER:
                order = _readable(pipe.read(length_of(header)))
                self._orders.put(order)
                if isinstance(order, Stop):
                    self._stop(order.number)
        faulthandler.dump_traceback_later(LAST_WORDS, exit=True)  # native code may be stuck
        self._orders.put(None)
        self._stop(sys.maxsize)

    def _stop(self, number: int) -> None:
        self._stopped = number
        self._woken.set()

    def _load(self, order: Load) -> Report:
        try:
            self._loaded = engine_of(order).load(order.model, order.options)
        except ProviderError as error:
            return Failed(error)
        except Exception as error:  # noqa: BLE001 — a process boundary: the parent is told, the traceback is logged
            traceback.print_exception(error)
            return Failed(broken(error, "load the model"))
        finally:
            _own_signals()
        return Ready()

    def _answer(self, question: Question) -> Report:
        self._woken.clear()
        try:
            with closing(self._outputs(question)) as outputs:
                for output in outputs:
                    if question.number <= self._stopped:
                        break
                    match output:
                        case Pause(seconds=seconds):
                            if seconds > 0:
                                self._woken.wait(seconds)
                        case _:
                            self._report(output)
        except ProviderError as error:
            return Failed(error)
        except Exception as error:  # noqa: BLE001 — a process boundary: the parent is told, the traceback is logged
            traceback.print_exception(error)
            return Failed(broken(error, "answer the request"))
        return Done()

    def _outputs(self, question: Question) -> Generator[Any]:
        if isinstance(question, Count):
            if not isinstance(self._loaded, LocalCounter):
                raise UnsupportedError(NO_COUNT)
            yield Counted(self._loaded.count(question.request))
            return
        assert self._loaded is not None  # noqa: S101 — the parent asks nothing before `Ready`
        with closing(_generator(self._loaded.run(question.request))) as outputs:
            for output in outputs:
                match output:
                    case Pause():
                        yield output
                    case EmbedResult():
                        yield Vectors(output)
                    case Progress():
                        yield _checked(Moved(output))
                    case Completed() | Filtered() | FailedJob():
                        yield _checked(Made(output))
                    case SpeechStart() | SpeechDelta() | SpeechWords():
                        yield Spoken(output)
                    case TranscriptDelta() | TranscriptSegment() | TranscriptDone():
                        yield Heard(output)
                    case _:
                        yield Piece(output)

    def _report(self, report: Report) -> None:
        data = memoryview(pack(report))
        while data:
            data = data[os.write(self._reports_to, data) :]


def _generator(outputs: Iterator[Any]) -> Generator[Any]:
    """The same with a `close`, which closes the iterator itself where that is possible."""
    yield from outputs


def _checked(report: Report) -> Report:
    """The same as the parent will read it. Raises msgspec.ValidationError here, where it costs one request."""
    return read_report(pack(report)[HEADER:])


def _readable(body: bytes) -> Order | ProviderError:
    """An order, or the error for one whose fields have other types than they should: nobody checks those of a struct."""
    try:
        return read_order(body)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        message = f"the request does not have the expected form: {error}"
        return ProviderError(message, kind=ErrorKind.INVALID_REQUEST)


def engine_of(order: Load) -> LocalEngine:
    """Import the engine that an order names. Raises ConfigurationError when there is none."""
    module, _, name = order.engine.partition(":")
    try:
        cls: Any = getattr(importlib.import_module(module), name)
    except (ImportError, AttributeError) as error:
        message = f"the engine {order.engine} cannot be imported in a child process: {error}"
        raise ConfigurationError(message) from error
    return msgspec.convert(order.fields, cls) if order.fields else cls()


def broken(error: Exception, what: str) -> ProviderError:
    """The error for an engine that failed in a way it has no name for."""
    told = traceback.format_exception_only(error)[-1].strip()
    return ProviderError(f"the engine could not {what}: {told}", kind=ErrorKind.SERVER, retry=Retry.UNSURE)


def _own_signals() -> None:
    """Ctrl-C is for the parent, which ends its children itself; native libraries like to put in handlers of their own."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)


def main() -> None:
    """Take the pipes out of the reach of native code, then obey."""
    orders, reports = os.dup(0), os.dup(1)
    nothing = os.open(os.devnull, os.O_RDWR)
    os.dup2(nothing, 0)
    os.dup2(2, 1)
    os.close(nothing)
    faulthandler.enable()
    _own_signals()
    Child(orders, reports).run()


if __name__ == "__main__":
    main()
