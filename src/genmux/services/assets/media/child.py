"""The program that opens foreign files: one order, one answer. It runs in `genmux.engine.sandbox`."""

import msgspec

from genmux.services.assets.media.orders import Answer, Convert, Converted, Look, Order, Seen, Unable
from genmux.types.assets_stored import Facts

_read = msgspec.json.Decoder(Order).decode


def answer(question: bytes) -> bytes:
    """Do what is asked."""
    return msgspec.json.encode(_answer(_read(question)))


def _answer(order: Order) -> Answer:
    match order:
        case Look():
            return _look(order)
        case Convert():
            return _convert(order)


def _look(order: Look) -> Seen:
    """Only what is opened by something of ours is opened at all."""
    kind = order.media_type.partition("/")[0]
    if kind == "image" and order.media_type != "image/svg+xml":
        from genmux.services.assets.media.pictures import look as look_at_picture

        facts, poster = look_at_picture(order.path, order.media_type, order.poster, order.side)
        return Seen(facts=facts, poster=poster)
    if kind in ("audio", "video"):
        from genmux.services.assets.media.films import FORMATS
        from genmux.services.assets.media.films import look as look_at_film

        if order.media_type in FORMATS:
            facts, poster = look_at_film(order.path, order.media_type, order.poster, order.side)
            return Seen(facts=facts, poster=poster)
    return Seen(facts=Facts(media_type=order.media_type))


def _convert(order: Convert) -> Converted | Unable:
    from genmux.services.assets.media.pictures import UnopenedError, convert

    try:
        return Converted(facts=convert(order))
    except UnopenedError as error:
        return Unable(why=str(error))
