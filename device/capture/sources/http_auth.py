"""What a camera's web server is told of a user: RFC 7617 (basic) and RFC 7616 (digest, MD5 and SHA-256)."""

import base64
import hashlib
import secrets
from collections.abc import Callable, Sequence
from urllib.request import parse_http_list, parse_keqv_list

_HASHES: dict[str, Callable[[bytes], "hashlib._Hash"]] = {
    "SHA-256": hashlib.sha256,
    "MD5": lambda data: hashlib.md5(data, usedforsecurity=False),
}
"""The better first."""


class Login:
    """Answers a server's challenges for one user.

    Args:
        user, password: as they are, without a URL's escapes.
    """

    def __init__(self, user: str, password: str) -> None:
        self._user = user
        self._password = password
        self._digest: dict[str, str] | None = None
        self._is_basic = False
        self._count = 0

    def learn(self, challenges: Sequence[str]) -> bool:
        """Take in the headers ``WWW-Authenticate``; whether one of them can be answered."""
        digests = []
        for challenge in challenges:
            scheme, _, rest = challenge.strip().partition(" ")
            if scheme.lower() == "digest":
                told = parse_keqv_list(parse_http_list(rest))
                told["algorithm"] = told.get("algorithm", "MD5").upper()
                if told["algorithm"].removesuffix("-SESS") in _HASHES and "nonce" in told:
                    digests.append(told)
            self._is_basic |= scheme.lower() == "basic"
        order = list(_HASHES)
        self._digest = min(digests, key=lambda d: order.index(d["algorithm"].removesuffix("-SESS")), default=None)
        self._count = 0
        return self._digest is not None or self._is_basic

    def header(self, method: str, target: str) -> str | None:
        """The header ``Authorization`` for a request of ``target``; None before a challenge."""
        if self._digest is not None:
            return self._answer(self._digest, method, target)
        if self._is_basic:
            return f"Basic {base64.b64encode(f'{self._user}:{self._password}'.encode()).decode()}"
        return None

    def _answer(self, told: dict[str, str], method: str, target: str) -> str:
        self._count += 1
        algorithm, realm, nonce = told["algorithm"], told.get("realm", ""), told["nonce"]
        own_nonce, count = secrets.token_hex(8), f"{self._count:08x}"

        def digest(text: str) -> str:
            return _HASHES[algorithm.removesuffix("-SESS")](text.encode()).hexdigest()

        who = digest(f"{self._user}:{realm}:{self._password}")
        if algorithm.endswith("-SESS"):
            who = digest(f"{who}:{nonce}:{own_nonce}")
        what = digest(f"{method}:{target}")
        parts = {"username": self._user, "realm": realm, "nonce": nonce, "uri": target}
        offered = [quality.strip() for quality in told.get("qop", "").split(",")]
        if "auth" in offered:
            parts["response"] = digest(f"{who}:{nonce}:{count}:{own_nonce}:auth:{what}")
            parts["cnonce"] = own_nonce
        else:
            parts["response"] = digest(f"{who}:{nonce}:{what}")
        if "opaque" in told:
            parts["opaque"] = told["opaque"]
        quoted = ", ".join(f'{name}="{_escaped(value)}"' for name, value in parts.items())
        bare = f", qop=auth, nc={count}" if "auth" in offered else ""
        return f"Digest {quoted}, algorithm={algorithm}{bare}"


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"')
