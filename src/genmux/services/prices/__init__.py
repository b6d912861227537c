"""What a model costs: the rows of its manifest, else the public token price list (genai-prices)."""

from genmux.services.prices.bill import bill
from genmux.services.prices.book import PriceBook
from genmux.services.prices.listing import PriceList

__all__ = ["PriceBook", "PriceList", "bill"]
