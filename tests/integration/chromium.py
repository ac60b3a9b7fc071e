"""Debian's Chromium as the tests drive it; a test that asks for it is skipped where it is missing."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
AXE = ROOT / "build" / "npm" / "node_modules" / "axe-core" / "axe.min.js"
# As root in a closed network: no sandbox of its own, and nothing that asks its maker's servers.
_FLAGS = (
    *("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync"),
    *("--disable-background-networking", "--disable-component-update", "--hide-scrollbars"),
)


@contextmanager
def chromium(
    folder: Path, *, width: int = 1280, height: int = 820, dark: bool = False, scripts: bool = True
) -> Iterator[Any]:
    """A browser with a profile of its own in ``folder``, and a window of so many pixels."""
    webdriver = pytest.importorskip("selenium.webdriver", reason="needs Selenium: pip install 'affectd[browser]'")
    programs = shutil.which("chromium"), shutil.which("chromedriver")
    if None in programs:
        pytest.skip("needs Chromium: sudo apt-get install chromium chromium-driver")
    options = webdriver.ChromeOptions()
    options.binary_location = programs[0]
    for flag in (*_FLAGS, f"--user-data-dir={folder}", f"--window-size={width},{height}", "--lang=en"):
        options.add_argument(flag)
    if not scripts:
        options.add_experimental_option("prefs", {"profile.managed_default_content_settings.javascript": 2})
    browser = webdriver.Chrome(options=options, service=webdriver.ChromeService(programs[1]))
    try:
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [scheme]})
        size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600}
        browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
        yield browser
    finally:
        browser.quit()


def violations(browser: Any) -> list[str]:
    """What axe-core finds serious or worse on the page that is open."""
    if not AXE.exists():
        pytest.skip("needs axe-core: npm install --no-save --prefix build/npm axe-core")
    browser.execute_cdp_cmd("Page.setBypassCSP", {"enabled": True})
    browser.execute_script(AXE.read_text(encoding="utf-8"))
    found = browser.execute_async_script("const done = arguments[arguments.length - 1]; axe.run().then(done)")
    return [
        f"{one['id']}: {one['help']}: {one['nodes'][0]['html'][:200]}"
        for one in found["violations"]
        if one["impact"] in {"serious", "critical"}
    ]
