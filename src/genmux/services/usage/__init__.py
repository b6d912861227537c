"""Usage: one row a request, what rows add up to, what was said, and what providers say about it.

`UsageBook.record` takes a row on the request path and `Contents.keep` what was said; both are sinks of the bookkeeper.
`UsageReports` answers what is asked. `reconcile` compares with what a provider exports.
"""

from genmux.services.usage.asking import Asked, read_question
from genmux.services.usage.book import UsageBatch, UsageBook
from genmux.services.usage.contents import ContentBatch, Contents
from genmux.services.usage.ports import ContentStore, UsageStore
from genmux.services.usage.reports import Correct, Corrected, UsageReports, seen_by
from genmux.services.usage.shown import RecordPage, Said, UsageLine, UsageReport

__all__ = [
    "Asked",
    "ContentBatch",
    "ContentStore",
    "Contents",
    "Correct",
    "Corrected",
    "RecordPage",
    "Said",
    "UsageBatch",
    "UsageBook",
    "UsageLine",
    "UsageReport",
    "UsageReports",
    "UsageStore",
    "read_question",
    "seen_by",
]
