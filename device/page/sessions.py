"""Who is logged in: known by a random token in a cookie, of which only the digest is kept."""

import hashlib
import secrets
from collections.abc import Callable, Iterable
from typing import Any

LASTS_S = 30 * 86400.0
"""A session that nobody uses ends after so long, seconds."""
_MOST = 32
_TOKEN_BYTES = 32
_RENEWED_AFTER_S = 3600.0


class Sessions:
    """The open sessions; the one that was used longest ago goes when there are too many.

    Args:
        unix_s: the time of day, seconds since 1970.
        kept: those of before, as ``on_change`` was given them.
        key: what the password is checked with; sessions that were opened by another password are not taken over.
        on_change: called with all that is to be kept.
    """

    def __init__(
        self,
        unix_s: Callable[[], float],
        kept: Iterable[dict[str, Any]],
        key: str,
        on_change: Callable[[list[dict[str, Any]]], object],
    ) -> None:
        self._now_s = unix_s
        self._key = hashlib.sha256(key.encode()).hexdigest()
        self._until_s: dict[str, float] = {
            str(one["digest"]): float(one["until_s"]) for one in kept if one.get("key") == self._key
        }
        self._on_change = on_change

    def open(self) -> str:
        """A new one; returns its token."""
        token = secrets.token_urlsafe(_TOKEN_BYTES)
        now_s = self._now_s()
        self._until_s = {digest: until_s for digest, until_s in self._until_s.items() if until_s > now_s}
        self._until_s[_digest(token)] = now_s + LASTS_S
        while len(self._until_s) > _MOST:
            del self._until_s[min(self._until_s, key=self._until_s.__getitem__)]
        self._tell()
        return token

    def is_open(self, token: str) -> bool:
        """Whether ``token`` is of an open session, which lasts longer from now on."""
        # The digest is looked up and not compared with: how long that takes says nothing of the token.
        digest, now_s = _digest(token), self._now_s()
        until_s = self._until_s.get(digest)
        # One that was opened "in the future" is of a clock that was set back: it lasts no longer than from now.
        if until_s is None or until_s <= now_s:
            return False
        if abs(now_s + LASTS_S - until_s) > _RENEWED_AFTER_S:
            self._until_s[digest] = now_s + LASTS_S
            self._tell()
        return True

    def close(self, token: str) -> None:
        """End it."""
        if self._until_s.pop(_digest(token), None) is not None:
            self._tell()

    def _tell(self) -> None:
        self._on_change(
            [{"digest": digest, "until_s": until_s, "key": self._key} for digest, until_s in self._until_s.items()]
        )


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode(errors="replace")).hexdigest()
