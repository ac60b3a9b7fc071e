"""How often a password may be guessed: ever more slowly from one address, and not much faster from all of them."""

from collections import OrderedDict
from collections.abc import Callable
from ipaddress import IPv4Address, IPv6Address, ip_address

_FREE = 5
"""Wrong passwords that cost nothing: people mistype."""
_FIRST_S, _LONGEST_S = 2.0, 300.0
_MOST_ADDRESSES = 512
_IN_ALL, _IN_ALL_S = 60, 60.0
"""So many wrong passwords in so many seconds from all addresses together, then everybody waits."""


class Throttle:
    """Counts wrong passwords.

    Args:
        monotonic_s: the time, seconds.
    """

    def __init__(self, monotonic_s: Callable[[], float]) -> None:
        self._now_s = monotonic_s
        self._wrong: OrderedDict[str, tuple[int, float]] = OrderedDict()
        self._recent: list[float] = []

    def wait_s(self, address: str) -> float:
        """How long ``address`` has to wait before its next try, seconds; 0 where it may try now."""
        now_s = self._now_s()
        _, free_at_s = self._wrong.get(network_of(address), (0, 0.0))
        self._recent = [at_s for at_s in self._recent if at_s > now_s - _IN_ALL_S]
        in_all_s = self._recent[-_IN_ALL] + _IN_ALL_S - now_s if len(self._recent) >= _IN_ALL else 0.0
        return max(0.0, free_at_s - now_s, in_all_s)

    def note_wrong(self, address: str) -> None:
        """A wrong password came from ``address``."""
        now_s, key = self._now_s(), network_of(address)
        count = self._wrong.pop(key, (0, 0.0))[0] + 1
        doublings = min(count - _FREE, 16)
        wait_s = min(_LONGEST_S, _FIRST_S * 2.0 ** (doublings - 1)) if doublings > 0 else 0.0
        self._wrong[key] = (count, now_s + wait_s)
        self._recent = [*self._recent[-_IN_ALL:], now_s]
        while len(self._wrong) > _MOST_ADDRESSES:
            self._wrong.popitem(last=False)

    def note_right(self, address: str) -> None:
        """The right one came from there."""
        self._wrong.pop(network_of(address), None)


def network_of(address: str) -> str:
    """Whom an address counts for: an IPv6 one for its whole /64, of which one machine has all it wants."""
    try:
        found: IPv4Address | IPv6Address = ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if isinstance(found, IPv6Address):
        if found.ipv4_mapped is not None:
            return str(found.ipv4_mapped)
        return f"{found.packed[:8].hex()}/64"
    return str(found)
