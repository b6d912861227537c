"""What a model costs: the user's rows, those of its manifest, the public token price list (genai-prices), the media catalogue."""

from genmux.services.prices.bill import Tariff, bill
from genmux.services.prices.book import PriceBook
from genmux.services.prices.listing import PriceList
from genmux.services.prices.media import ListedMedia, MediaCatalogue

__all__ = ["ListedMedia", "MediaCatalogue", "PriceBook", "PriceList", "Tariff", "bill"]
