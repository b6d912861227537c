"""The reason of a refused WebSocket fits into a header."""

import msgspec

from genmux.contract.refused_sockets import LONGEST, REFUSED, refusal_of, spelt


def test_a_document_of_any_letters_goes_through_a_header() -> None:
    document = {"error": {"message": "Größe 🐟\r\nx: y", "code": None}}
    line = spelt(msgspec.json.encode(document))
    assert line.isascii()
    assert line.isprintable()
    assert msgspec.json.decode(refusal_of({REFUSED: line})) == document


def test_what_is_too_long_or_not_there_is_nothing() -> None:
    assert spelt(b'"' + b"x" * LONGEST + b'"') == ""
    assert refusal_of({}) == b""
