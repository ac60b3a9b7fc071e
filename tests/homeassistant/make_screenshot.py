"""Photograph the device in the real Home Assistant: ``make picture-homeassistant`` writes docs/homeassistant.webp.

Home Assistant, its own front end, a Mosquitto and the daemon on the bundled clip; a headless Chromium looks at it.
"""

import asyncio
import base64
import json
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.request
from io import BytesIO
from pathlib import Path
from typing import Any

from PIL import Image
from websockets.asyncio.client import connect

from tests.brokers import LOOPBACK, Mosquitto, find_mosquitto, free_port, wait_until
from tests.homeassistant.home import Home
from tests.integration.processes import Daemon, write_config

PICTURE = Path(__file__).parents[2] / "docs" / "homeassistant.webp"
MOST_BYTES = 150_000
SIZE = (1080, 2560)
_QUALITY = 80
_SETTLED_S = 5.0
_PATIENCE_S = 180
_LAST_SHOWN = "Processor temperature"
# The front end's text is in shadow trees, one in the other.
_ALL_TEXT = """
(() => {
  const text = node => node.nodeType === 3 ? node.data
    : [...(node.shadowRoot ? node.shadowRoot.childNodes : []), ...node.childNodes].map(text).join(' ');
  return text(document.body);
})()
"""
_WARM_S = 40.0


def main() -> None:
    """Write the picture."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        broker = Mosquitto(find_mosquitto(), folder)
        broker.start()
        home = Home(broker.port, front_end=True)
        config = write_config(
            folder,
            broker.port,
            source={"uri": "demo", "pace": "real-time", "loop": True},
            mqtt={"stats_interval_s": 2.0},
            device={"name": "Hall"},
        )
        daemon = Daemon(config, folder / "stderr")
        try:
            home.start()
            wait_until(lambda: home.state("sensor.hall_fps") not in {None, "unknown"}, "the device")
            time.sleep(_WARM_S)  # so that the page has something to tell
            picture = asyncio.run(_photograph(home, folder))
        finally:
            daemon.end()
            home.remove()
            broker.stop()
    Image.open(BytesIO(picture)).convert("RGB").save(PICTURE, quality=_QUALITY, method=6)
    size = PICTURE.stat().st_size
    print(f"{PICTURE}: {size:,} bytes; look at it")
    assert size < MOST_BYTES


async def _photograph(home: Home, folder: Path) -> bytes:
    port = free_port()
    program = shutil.which("chromium")
    if program is None:
        sys.exit("chromium is missing: sudo apt-get install chromium")
    options = ["--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"]
    options += ["--disable-component-update", "--disable-sync", "--disable-quic", "--hide-scrollbars", "--lang=en"]
    options += [f"--user-data-dir={folder / 'chromium'}", f"--remote-debugging-port={port}"]
    options += [f"--window-size={SIZE[0]},{SIZE[1]}", "about:blank"]
    with (folder / "chromium.log").open("wb") as log:
        browser = subprocess.Popen([program, *options], stdout=log, stderr=log)
    try:
        wait_until(lambda: _pages(port), "Chromium")
        async with connect(_pages(port)[0]["webSocketDebuggerUrl"], max_size=None) as page:
            return await _visit(page, home)
    finally:
        browser.terminate()
        browser.wait(30)


def _pages(port: int) -> list[dict[str, Any]]:
    try:
        with urllib.request.urlopen(f"http://{LOOPBACK}:{port}/json", timeout=5) as answer:
            return [one for one in json.load(answer) if one["type"] == "page"]
    except OSError:
        return []


async def _visit(page: Any, home: Home) -> bytes:
    """Log in as the front end remembers a login, and photograph the device's page."""
    url = f"http://{LOOPBACK}:{home.port}"
    tokens = {
        "access_token": home.token,
        "token_type": "Bearer",
        "expires_in": 86_400,
        "expires": int(time.time() * 1000) + 86_400_000,
        "refresh_token": "none",
        "hassUrl": url,
        "clientId": f"{url}/",
    }
    login = f"localStorage.setItem('hassTokens', {json.dumps(json.dumps(tokens))});"
    login += "localStorage.setItem('dockedSidebar', '\"always_hidden\"')"
    await _ask(page, "Page.enable")
    await _ask(page, "Page.addScriptToEvaluateOnNewDocument", source=login)
    await _ask(page, "Page.navigate", url=f"{url}/config/devices/device/{home.device_of('switch.hall_camera')}")
    await _settle(page)
    answer = await _ask(page, "Page.captureScreenshot", format="png")
    return base64.b64decode(answer["data"])


async def _settle(page: Any) -> None:
    """Wait until the page shows what stands at its end."""
    for _ in range(_PATIENCE_S):
        answer = await _ask(page, "Runtime.evaluate", expression=_ALL_TEXT, returnByValue=True)
        if _LAST_SHOWN in str(answer["result"].get("value", "")):
            await asyncio.sleep(_SETTLED_S)
            return
        await asyncio.sleep(1)
    sys.exit(f"the page does not show {_LAST_SHOWN!r} within {_PATIENCE_S} s")


async def _ask(page: Any, method: str, **parameters: Any) -> dict[str, Any]:
    await page.send(json.dumps({"id": 1, "method": method, "params": parameters}))
    while True:
        answer = json.loads(await page.recv())
        if answer.get("id") == 1:
            return dict(answer["result"])


if __name__ == "__main__":
    main()
