"""The page's process as the daemon starts it."""

from collections.abc import Mapping
from typing import Any

from device.page.channel import Report, daemon_end
from device.page.settings import PageSettings
from device.system.companion import Companion


class PageProcess(Companion[dict[str, Any], Report]):
    """``python -m device.page``, running.

    Args:
        settings: the section ``page``.
        hello: what it is told first; over the socket, for everybody can read the arguments of a process.

    Raises:
        OSError: the process cannot be started.
    """

    def __init__(self, settings: PageSettings, hello: Mapping[str, Any]) -> None:
        super().__init__("device.page", daemon_end)
        self.send({"kind": "hello", "settings": settings.model_dump(mode="json"), **hello})
