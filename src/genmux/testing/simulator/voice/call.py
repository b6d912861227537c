"""One call to a simulated provider of voice, as its personality sees it."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl, unquote

import msgspec

from genmux.testing.simulator.http import Request
from genmux.testing.simulator.media.desk import Upload
from genmux.testing.simulator.media.forms import read_form
from genmux.testing.simulator.media.refusal import Refusal


class VoiceCall:
    """A call. `path` is below the personality's prefix, `args` are what the route's braces stand for.

    `fault` is what was scripted for it, `outcome` the status that it was answered with; `billed` says that it was worked on.
    """

    def __init__(self, request: Request, path: str) -> None:
        self.method = request.head.method
        self.headers: Mapping[str, str] = request.head.headers
        self.body = request.body
        self.path, _, query = path.partition("?")
        self.query = dict(parse_qsl(query, keep_blank_values=True))
        self.args: dict[str, str] = {}
        self.fault = ""
        self.outcome = 0
        self.billed = False

    def arg(self, name: str) -> str:
        """What a brace of the path stands for."""
        return unquote(self.args[name])

    def json(self) -> dict[str, Any]:
        """The body as a JSON object. Raises Refusal when it is none."""
        try:
            return msgspec.json.decode(self.body, type=dict[str, Any])
        except (msgspec.MsgspecError, UnicodeDecodeError) as error:
            raise Refusal("invalid_request", f"the body is no JSON object: {error}") from error

    def form(self) -> dict[str, Upload]:
        """The fields of a form by name. Raises Refusal when it is none."""
        return read_form(self.headers.get("content-type", ""), self.body)
