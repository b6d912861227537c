"""Cartesia's voices, page by page (cartesia 4.2.0, GET /voices; read 2026-11-27).

Addresses of previews are not told: they want the key.
"""

import msgspec

from genmux.contract.asked import with_query
from genmux.contract.http import HttpReply, HttpRequest
from genmux.contract.model import Model
from genmux.types.speech import Voice

_PAGE = 100
_GENDERS = {"masculine": "male", "feminine": "female", "gender_neutral": "neutral"}


class Locale(msgspec.Struct):
    """A locale that a voice speaks."""

    locale: str


class Listed(msgspec.Struct):
    """One voice."""

    id: str
    name: str
    language: str | None = None
    locales: list[Locale] = msgspec.field(default_factory=list)
    gender: str | None = None
    tagline: str | None = None
    description: str | None = None


class Page(msgspec.Struct):
    """One page; the next one begins after its last voice."""

    data: list[Listed]
    has_more: bool = True


_PAGES = msgspec.json.Decoder(Page)


class VoiceList:
    """The half of the wire that lists voices."""

    def encode_voices(self, model: Model) -> HttpRequest:
        """Ask for the first page; voices are there for all models."""
        del model
        return _page(None)

    def decode_voices(self, reply: HttpReply) -> tuple[Voice, ...]:
        """Read one page."""
        return tuple(map(_voice, reply.read(_PAGES).data))

    def more_voices(self, reply: HttpReply) -> HttpRequest | None:
        """The page after that; only a page without voices says for certain that it was the last."""
        page = reply.read(_PAGES)
        return _page(page.data[-1].id) if page.data and page.has_more else None


def _page(after: str | None) -> HttpRequest:
    url = with_query("/voices", {"limit": _PAGE, "starting_after": after})
    return HttpRequest(method="GET", url=url, read_only=True)


def _voice(one: Listed) -> Voice:
    told = tuple(dict.fromkeys(each.locale for each in one.locales))
    return Voice(
        id=one.id,
        name=one.name,
        languages=told or ((one.language,) if one.language else ()),
        gender=_GENDERS.get(one.gender or "", one.gender),
        description=one.description or one.tagline or None,
    )
