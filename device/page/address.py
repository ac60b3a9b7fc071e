"""Where browsers find the page, for Home Assistant, which shows a link to it."""

import socket
from ipaddress import ip_address

from device.page.settings import PageSettings


def page_url(settings: PageSettings, *, has_password: bool) -> str | None:
    """The page's address for other machines; None where it is off, or for this device alone.

    It is the first name that the configuration has, else the address it listens at, else the host's own name with
    .local, which the guard knows too. A page behind a proxy on this device is found at the proxy, which nobody here
    knows.
    """
    if not settings.enabled or not has_password:
        return None
    address = ip_address(settings.host) if settings.host else None
    if address and address.is_loopback:
        return None
    if settings.names:
        host = settings.names[0]
    elif address and not address.is_unspecified:
        host = f"[{address}]" if address.version == 6 else str(address)
    else:
        host = f"{socket.gethostname().partition('.')[0]}.local"
    return f"{'https' if settings.cert_file else 'http'}://{host}:{settings.port}"
