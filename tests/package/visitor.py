"""What somebody does at the page from another machine of the network, and what they see, as JSON.

Usage: python -m tests.package.visitor ADDRESS NAME PASSWORD
"""

import json
import sys
from typing import Any

from device.page.settings import PORT
from tests.brokers import wait_until
from tests.integration.browser import Browser

THRESHOLD = "smoothing.enter_threshold"


def visit(address: str, name: str, password: str) -> dict[str, Any]:
    """Log in, look, turn the switch and change the configuration; the answers by what was done."""
    stranger = Browser(PORT, address, "elsewhere.example.org")
    browser = Browser(PORT, address, name)
    wait_until(browser.answers, "the page to be there")
    told: dict[str, Any] = {
        "a name of elsewhere": stranger.ask("GET", "/login"),
        "by its address": Browser(PORT, address).ask("GET", "/login")[0],
        "without a login": browser.ask("GET", "/")[0],
        "a wrong password": browser.ask("POST", "/login", {"password": f"{password}!"})[0],
        "the password": browser.ask("POST", "/login", {"password": password})[0],
    }
    wait_until(lambda: browser.shows("/", 'class="face"'), "a face")
    told["the stream"] = browser.hear("face")
    told["paused"] = browser.ask("POST", "/pause", {"paused": "yes"})[0], bool(browser.shows("/", "Camera off"))
    browser.ask("POST", "/pause", {"paused": "no"})
    wait_until(lambda: browser.shows("/", 'class="face"'), "a face after the pause")
    told["a wrong value"] = browser.ask("POST", "/configuration", {THRESHOLD: "7"})
    told["a change"] = browser.ask("POST", "/configuration", {THRESHOLD: "0.61", "device.name": "Küche: [1]"})
    wait_until(lambda: browser.shows("/configuration", 'value="0.61"'), "the change to be taken")
    wait_until(lambda: browser.shows("/", 'class="face"'), "a face after the change")
    told["after it"] = browser.ask("GET", "/")
    return told


if __name__ == "__main__":
    print(json.dumps(visit(*sys.argv[1:])))
