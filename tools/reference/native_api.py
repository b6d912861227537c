"""The OpenAPI document of the native API."""

import msgspec

from genmux.app import App
from genmux.server.native import native_app


def document() -> str:
    """The document as indented JSON."""
    schema = native_app(App(environ={})).openapi_schema.to_schema()
    return msgspec.json.format(msgspec.json.encode(schema)).decode()
