"""The program that opens foreign sound: one order, one answer. It runs in `genmux.engine.sandbox`."""

from pathlib import Path

import msgspec

from genmux.services.audio.cutting import cut
from genmux.services.audio.orders import Answer, Cut, Measure, Measured, Order, Rewrite, Unheard, Written
from genmux.services.audio.reading import UnheardError, length_of, opened, samples_of
from genmux.services.audio.transcoding import sample_rate_of
from genmux.services.audio.writing import write

_read = msgspec.json.Decoder(Order).decode


def answer(question: bytes) -> bytes:
    """Do what is asked."""
    try:
        said = _answer(_read(question))
    except UnheardError as error:
        said = Unheard(why=str(error))
    return msgspec.json.encode(said)


def _answer(order: Order) -> Answer:
    match order:
        case Measure(path=path, kind=kind):
            with Path(path).open("rb") as file, opened(file, kind) as container:
                return Measured(seconds=round(length_of(container), 3))
        case Rewrite():
            return _rewrite(order)
        case Cut():
            return cut(order)


def _rewrite(order: Rewrite) -> Written:
    wanted = order.format
    with Path(order.path).open("rb") as file, opened(file, order.kind) as container:
        samples = samples_of(container, sample_rate_of(wanted), wanted.channels)
        with Path(order.target).open("wb") as target:
            return Written(seconds=round(write(samples, wanted, target), 3))
