"""Takes the page's screenshots in docs/, as `make pictures` does: a daemon on the demo clip, and a day made for it."""

import sys
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.brokers import LOOPBACK, free_port, wait_until
from tests.device.page.days import write_day
from tests.integration.chromium import chromium
from tests.integration.processes import Daemon, write_config

DOCS = Path(__file__).parents[2] / "docs"
LIVE_SIZE, TODAY_SIZE = (1180, 860), (1180, 800)
FACES = 2


def main() -> None:
    """Take them."""
    with TemporaryDirectory() as name:
        folder, port = Path(name), free_port()
        day = datetime.now(UTC).astimezone().date() - timedelta(days=1)  # the daemon counts today itself
        write_day(folder / "state", day)
        source = {"uri": "demo", "pace": "real-time", "loop": True}
        page = {"enabled": True, "port": port}
        device = {"name": "Hall"}
        config = write_config(folder, 1, source=source, mqtt={"enabled": False}, page=page, device=device)
        daemon = Daemon(config, folder / "stderr")
        try:
            wait_until(lambda: "the page is shown" in daemon.told, "the page")
            for dark in (False, True):
                _take(folder, f"http://{LOOPBACK}:{port}", day, dark=dark)
        finally:
            daemon.end()


def _take(folder: Path, at: str, day: date, *, dark: bool) -> None:
    kind = "dark" if dark else "light"
    with chromium(folder / f"live-{kind}", width=LIVE_SIZE[0], height=LIVE_SIZE[1], dark=dark) as browser:
        browser.get(at)
        read = (
            "return [...document.querySelectorAll('#faces tbody tr')].filter(row => row.innerText.includes('%')).length"
        )
        wait_until(lambda: browser.execute_script(read) == FACES, "two faces that are read")
        _save(browser, DOCS / f"page-live-{kind}.png")
    with chromium(folder / f"today-{kind}", width=TODAY_SIZE[0], height=TODAY_SIZE[1], dark=dark) as browser:
        browser.get(f"{at}/today?day={day}")
        _save(browser, DOCS / f"page-today-{kind}.png")


def _save(browser: object, path: Path) -> None:
    browser.save_screenshot(str(path))  # type: ignore[attr-defined]
    print(f"{path}: {path.stat().st_size / 1000:.0f} kB", file=sys.stderr)


if __name__ == "__main__":
    main()
