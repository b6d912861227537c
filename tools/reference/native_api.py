"""The OpenAPI document of the native API."""

import msgspec

from genmux.app import App
from genmux.server.native.application import native_app
from genmux.server.terms import Terms
from genmux.services.settings import Settings


def document() -> str:
    """The document as indented JSON."""
    app = App(Settings(), environ={})  # nothing of this machine gets into the document
    schema = native_app(app, Terms(app)).openapi_schema.to_schema()
    schema["paths"] = dict(sorted(schema["paths"].items()))  # Litestar keeps a handler's several paths in a set
    return msgspec.json.format(msgspec.json.encode(schema)).decode()
