"""The page's sink, built from what the stages know and what people may have done."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from device.interfaces import Clock
from device.page.keepsake import Keepsake
from device.page.sink import Deeds, PageSink
from device.tools.page.sources import Told


@dataclass(frozen=True, slots=True)
class PageParts:
    """What the page needs beside the stages.

    Attributes:
        config_path: the file that the configuration is from; None where there is none to change.
        reload: has the daemon take a changed configuration.
    """

    config_path: Path | None = None
    reload: Callable[[], None] = lambda: None


def build_page(told: Told, parts: PageParts, clock: Clock, pause: Callable[[bool], None]) -> PageSink:
    """The sink; its process starts with the first turn of the loop.

    Args:
        told: what the page is told.
        parts: what it needs beside the stages.
        clock: the machine's.
        pause: turns the privacy switch.
    """
    at = () if parts.config_path is None else ("--config", str(parts.config_path.absolute()))
    deeds = Deeds(
        pause=pause,
        reload=parts.reload,
        doctor=("doctor", "--json", *at) if at else None,
        change=("page", "change", *at) if at else None,
    )
    device = told.config.device
    keepsake = Keepsake(device.resolved_runtime_dir, device.resolved_state_dir)
    return PageSink(told.config.page, clock, sources=told.sources(), deeds=deeds, keepsake=keepsake)
