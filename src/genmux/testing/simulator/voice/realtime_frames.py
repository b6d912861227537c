"""Frames that no provider should send, by the names in `[mock wire=half_json,unknown]`."""

from genmux.contract.sessions import Frame

_MANY = 2 * 1024 * 1024
_TOO_MANY = 17 * 1024 * 1024
"""More than a client takes (`genmux.engine.socket.LARGEST`)."""

ODD_FRAMES: dict[str, Frame] = {
    "half_json": '{"type":"response.output_audio.delta","del',
    "empty": "",
    "null": "null",
    "list": "[1,2,3]",
    "number": "42",
    "nameless": '{"event_id":"event_0"}',
    "unknown": '{"type":"nobody.knows","nobodyKnows":{"at":"all"}}',
    "wrong_types": '{"type":"response.created","response":7,"serverContent":"yes"}',
    "no_base64": '{"type":"response.output_audio.delta","response_id":"r","item_id":"i","delta":"%%%"}',
    "deep": "[" * 5_000 + "]" * 5_000,
    "binary": b"\x00\xff\xfe not text",
}
"""Each with what is wrong with it; `large` and `huge` are made when they are wanted."""

ODD_NAMES = (*ODD_FRAMES, "large", "huge")


def odd_frame(name: str) -> Frame | None:
    """The frame of a name; None where there is none."""
    if name == "large":
        return '{"type":"nobody.knows","filler":"%s"}' % ("x" * _MANY)
    if name == "huge":
        return '{"type":"nobody.knows","filler":"%s"}' % ("x" * _TOO_MANY)
    return ODD_FRAMES.get(name)
