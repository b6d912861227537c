"""Files go to Runway in two steps: ask for a place, then put the file there; it is then known by a `runway://` address."""

import msgspec

from genmux.contract.http import Field, FileBody, Form, HttpRequest, json_request
from genmux.contract.inputs import MediaInput
from genmux.contract.jobs import Steps


class Slot(msgspec.Struct, frozen=True, rename="camel"):
    """Where a file may be put, with which fields, and the address by which it then goes for a day."""

    upload_url: str
    runway_uri: str
    fields: dict[str, str] = {}


SLOT = msgspec.json.Decoder(Slot)


def uploaded(inputs: tuple[MediaInput, ...]) -> Steps[tuple[MediaInput, ...]]:
    """The inputs, with an address in place of each file. Raises ProviderError."""
    found: list[MediaInput] = []
    for one in inputs:
        address = one.url if one.file is None else (yield from _put(one.file))
        found.append(msgspec.structs.replace(one, url=address, file=None))
    return tuple(found)


def _put(file: FileBody) -> Steps[str]:
    ask = json_request("/v1/uploads", {"filename": file.name, "type": "ephemeral"})
    reply = yield msgspec.structs.replace(ask, free=True)
    slot = reply.read(SLOT)
    fields = [Field(name=name, value=value) for name, value in slot.fields.items()]
    form = Form((*fields, Field(name="file", value=file)))
    yield HttpRequest(method="POST", url=slot.upload_url, body=form, free=True, unsigned=True)
    return slot.runway_uri
