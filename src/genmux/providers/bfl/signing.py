"""The key goes into a header, and the account's secret for webhooks into the request that asks for one."""

from collections.abc import Mapping

import msgspec

from genmux.contract.auth import header
from genmux.contract.http import HttpRequest

_key = header("x-key")


def sign(request: HttpRequest, credential: Mapping[str, str]) -> HttpRequest:
    """The request that may be sent. The secret is put in here, as wires do not see credentials."""
    signed, secret, document = _key(request, credential), credential.get("webhook_secret"), request.document
    if not secret or document is None or b'"webhook_url":' not in document:
        return signed
    body = document[:-1] + b"," + msgspec.json.encode({"webhook_secret": secret})[1:]
    return msgspec.structs.replace(signed, body=body)
