"""The Messages API of Anthropic, in both directions: also spoken by Vertex, and by many other services and local servers.

Options of its wire: `profile.Profile`. Differences between documents that do not count: `equivalence.normalize`.
"""

from genmux.contract.dialect import Dialect
from genmux.dialects.anthropic_messages.equivalence import normalize
from genmux.dialects.anthropic_messages.profile import Profile
from genmux.dialects.anthropic_messages.schema import NAME
from genmux.dialects.anthropic_messages.wire import MessagesServer, MessagesWire, client

dialect = Dialect(
    name=NAME,
    client=client,
    server=MessagesServer(),
    paths=("/messages", ":rawPredict", ":streamRawPredict"),
)

__all__ = ["MessagesServer", "MessagesWire", "Profile", "dialect", "normalize"]
