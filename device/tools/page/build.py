"""The page's sink, built from what the stages know and what people may have done."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from device.interfaces import Clock
from device.page.sink import PageActions, PageSink
from device.page.state_file import StateFile
from device.tools.page.sources import DeviceView


@dataclass(frozen=True, slots=True)
class PageParts:
    """What the page needs beside the stages.

    Attributes:
        config_path: the file that the configuration is from; None where there is none to change.
        reload: has the daemon take a changed configuration.
    """

    config_path: Path | None = None
    reload: Callable[[], None] = lambda: None


def build_page(view: DeviceView, parts: PageParts, clock: Clock, pause: Callable[[bool], None]) -> PageSink:
    """The sink; its process starts with the first turn of the loop.

    Args:
        view: what the page shows of the device.
        parts: what it needs beside the stages.
        clock: the machine's.
        pause: turns the privacy switch.
    """
    at = () if parts.config_path is None else ("--config", str(parts.config_path.absolute()))
    actions = PageActions(
        pause=pause,
        reload=parts.reload,
        doctor=("doctor", "--json", *at) if at else None,
        change=("page", "change", *at) if at else None,
    )
    device = view.config.device
    state_file = StateFile(device.resolved_runtime_dir, device.resolved_state_dir)
    return PageSink(view.config.page, clock, sources=view.sources(), actions=actions, state_file=state_file)
