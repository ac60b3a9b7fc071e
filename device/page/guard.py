"""Whether a request is one that a browser of ours has made: its Host, its Origin, and what every answer says."""

import re
import socket
from collections.abc import Iterable
from ipaddress import ip_address
from urllib.parse import urlsplit

_HOST = re.compile(r"(\[[0-9a-fA-F:.]{2,45}\]|[a-zA-Z0-9._-]{1,253})(?::([0-9]{1,5}))?")
METHODS = {"GET", "HEAD", "POST"}

HEADERS = {
    # Nothing but our own files, no script or style within a page, no frame around it, no form to elsewhere.
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    # Stricter, and a browser would send `Origin: null` with our own forms.
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
    "Cache-Control": "no-store",
}
"""What every answer carries."""


def known_names(device_id: str, further: Iterable[str]) -> frozenset[str]:
    """The names by which a browser may reach this device, in small letters."""
    own = {socket.gethostname().partition(".")[0], device_id.replace("_", "-")}
    return frozenset(name.lower() for name in (*further, "localhost", *own, *(f"{name}.local" for name in own)))


def host_is_ours(host: str | None, names: frozenset[str]) -> bool:
    """Whether ``host``, the header, is a name of ours or an address.

    A page of a stranger's can have its own name resolved to this device (DNS rebinding), and then asks by that name;
    by an address it cannot.
    """
    match = _HOST.fullmatch(host or "")
    if match is None:
        return False
    name = match[1].strip("[]").lower().removesuffix(".")
    if name in names:
        return True
    try:
        ip_address(name)
    except ValueError:
        return False
    return True


def origin_is_ours(origin: str | None, host: str) -> bool:
    """Whether ``origin``, the header, is a page of this device's; every browser of today sends it with a form."""
    if not origin:
        return False
    try:
        parts = urlsplit(origin)
    except ValueError:
        return False
    return parts.scheme in {"http", "https"} and parts.netloc.lower() == host.lower()
