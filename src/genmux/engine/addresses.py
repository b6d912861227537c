"""Which addresses are public: what anybody may be sent to, and what lies inside a network or a machine."""

import ipaddress
from functools import lru_cache

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

_CLOSED_V4 = tuple(
    map(
        ipaddress.IPv4Network,
        (
            "0.0.0.0/8",  # this machine
            "10.0.0.0/8",
            "100.64.0.0/10",  # behind a provider's NAT; some clouds have their metadata there
            "127.0.0.0/8",
            "169.254.0.0/16",  # link-local, and the metadata of clouds
            "172.16.0.0/12",
            "192.0.0.0/24",
            "192.0.2.0/24",
            "192.88.99.0/24",
            "192.168.0.0/16",
            "198.18.0.0/15",
            "198.51.100.0/24",
            "203.0.113.0/24",
            "224.0.0.0/4",  # to many at once
            "240.0.0.0/4",  # reserved, and broadcast
        ),
    )
)
"""Of https://www.iana.org/assignments/iana-ipv4-special-registry (as of 2025-10), what does not lead to one public machine."""

_OPEN_V6 = ipaddress.IPv6Network("2000::/3")
"""Everything else is local, to many at once, or given to nobody."""

_CLOSED_V6 = tuple(
    map(
        ipaddress.IPv6Network,
        (
            "2001::/23",  # protocols, among them Teredo, in which an IPv4 address is hidden
            "2001:db8::/32",
            "2002::/16",  # 6to4, the same
            "3fff::/20",
        ),
    )
)
"""Of https://www.iana.org/assignments/iana-ipv6-special-registry (as of 2025-10)."""

_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")


@lru_cache(1_024)
def is_public(address: str) -> bool:
    """Whether an address leads to a public machine. What is no address is not public.

    An IPv4 address inside an IPv6 one (mapped, NAT64) counts as what it is.
    """
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return False
    inner = unwrapped(found)
    if isinstance(inner, ipaddress.IPv4Address):
        return not any(inner in network for network in _CLOSED_V4)
    return inner in _OPEN_V6 and not any(inner in network for network in _CLOSED_V6)


def unwrapped(address: Address) -> Address:
    """The IPv4 address that an IPv6 one stands for, else the address itself."""
    if isinstance(address, ipaddress.IPv4Address):
        return address
    if address.ipv4_mapped is not None:
        return address.ipv4_mapped
    if address in _NAT64:
        return ipaddress.IPv4Address(int(address) & 0xFFFF_FFFF)
    return address
