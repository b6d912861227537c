"""Usage: one row a request, what rows add up to, what was said, and what providers say about it.

`UsageBook.record` takes a row on the request path and `Contents.keep` what was said; both are sinks of the bookkeeper.
`UsageReports` answers what is asked. `reconcile` compares with what a provider exports.
"""

from genmux.services.usage.book import UsageBatch, UsageBook
from genmux.services.usage.contents import ContentBatch, Contents
from genmux.services.usage.ports import ContentStore, UsageStore

__all__ = ["ContentBatch", "ContentStore", "Contents", "UsageBatch", "UsageBook", "UsageStore"]
