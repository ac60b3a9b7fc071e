"""Home Assistant as a process in a root of its own, set up without a browser, and asked over its API."""

import base64
import hashlib
import hmac
import json
import os
import shutil
import subprocess
import threading
import time
import urllib.error
import urllib.request
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, cast

import pytest

from tests.brokers import LOOPBACK, free_port, wait_until

# As the Makefile names it: one root for each version that was asked for.
_VERSION = os.environ.get("HOMEASSISTANT")
FOLDER = Path(__file__).parents[2] / "build" / (f"homeassistant-{_VERSION}" if _VERSION else "homeassistant")
ROOT = FOLDER / "root"
FIRST = "inside_first"
PATIENCE_S = 120.0
ENVIRONMENT = {"PATH": "/venv/bin:/usr/bin:/bin", "HOME": "/root", "LANG": "C.UTF-8"}

_CREATED = "2026-01-01T00:00:00+00:00"
_JWT_KEY = "a key for the tests alone"
_TOKEN_ID = "0" * 31 + "1"
_USER_ID = "0" * 31 + "2"
_CONFIGURATION = """
homeassistant:
  name: Tests
  latitude: 52.5
  longitude: 13.4
  elevation: 30
  unit_system: metric
  currency: EUR
  country: DE
  time_zone: Europe/Berlin
http:
  server_host: {host}
  server_port: {port}
api:
logger:
  default: warning
  logs:
    homeassistant.components.mqtt: debug
"""


def require_root() -> Path:
    """The root that `install.sh` has made; without it, or without the right to enter it, the test is skipped."""
    if not list(FOLDER.glob(".homeassistant-*")):
        pytest.skip("needs Home Assistant, 1.4 GB: sudo make test-homeassistant")
    if os.geteuid() != 0:
        pytest.skip("enters a Debian root, which root alone can: sudo make test-homeassistant")
    return ROOT


def enter(root: Path, *command: str) -> list[str]:
    """The command line that runs ``command`` inside the root."""
    chroot = shutil.which("chroot", path="/usr/sbin:/sbin:/usr/bin:/bin")
    assert chroot, "chroot is part of coreutils"
    return [chroot, str(root), *command]


class Home:
    """One Home Assistant that knows the broker at ``broker_port``; its folder goes with it.

    With ``front_end`` it has its own pages, which `install.sh FOLDER front-end` has brought.
    """

    def __init__(self, broker_port: int, *, front_end: bool = False) -> None:
        self.port = free_port()
        self._root = require_root()
        self._inside = Path("/srv") / f"home-{uuid.uuid4().hex[:8]}"
        self._folder = self._root / self._inside.relative_to("/")
        self._process: subprocess.Popen[bytes] | None = None
        self.token = _bearer_token()
        # Before the stand-in, which is among the packages.
        self._environment = ENVIRONMENT | ({"PYTHONPATH": "/frontend"} if front_end else {})
        self._front_end = front_end
        self._write_configuration(broker_port)

    def start(self) -> None:
        """Start it and wait until its API answers."""
        command = enter(self._root, "/venv/bin/hass", "-c", str(self._inside), "--skip-pip", "--log-no-color")
        with (self._folder / "stderr").open("ab") as log:
            self._process = subprocess.Popen(command, env=self._environment, stdout=log, stderr=log)
        wait_until(self._answers, f"Home Assistant to answer; it said:\n{self.told[-3000:]}", PATIENCE_S)

    def stop(self) -> None:
        """End it; harmless when it does not run."""
        if self._process:
            self._process.terminate()
            try:
                self._process.wait(60)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait(10)
            self._process = None

    def remove(self) -> None:
        """End it and remove its folder."""
        self.stop()
        shutil.rmtree(self._folder)

    @property
    def told(self) -> str:
        """All it has logged."""
        path = self._folder / "stderr"
        return path.read_text(encoding="utf-8", errors="replace") if path.exists() else ""

    def states(self) -> dict[str, dict[str, Any]]:
        """Entity id to state."""
        return {state["entity_id"]: state for state in self._ask("GET", "states")}

    def state(self, entity_id: str) -> str | None:
        """The state of one entity, None where there is none of that name."""
        found = self.states().get(entity_id)
        return cast("str", found["state"]) if found else None

    def device_of(self, entity_id: str) -> str:
        """The id of the device that an entity is of."""
        return self.render(f"{{{{ device_id('{entity_id}') }}}}")

    def render(self, template: str) -> str:
        """What a template gives now."""
        request = self._request("POST", "template", {"template": template})
        with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310 - its own address
            return str(answer.read().decode())

    def call(self, domain: str, service: str, entity_id: str, **data: Any) -> None:
        """Call a service for one entity."""
        self._ask("POST", f"services/{domain}/{service}", {"entity_id": entity_id} | data)

    def wait_for_state(self, entity_id: str, state: str) -> None:
        """Return once the entity has that state."""
        wait_until(lambda: self.state(entity_id) == state, f"{entity_id} to be {state}", PATIENCE_S)

    def follow(self, entity_id: str) -> list[dict[str, Any]]:
        """A list that grows by every state that the entity takes from now on."""
        taken: list[dict[str, Any]] = []
        request = self._request("GET", "stream?restrict=state_changed")
        stream = urllib.request.urlopen(request, timeout=600)  # noqa: S310 - its own address

        def read() -> None:
            with suppress(OSError, ValueError), stream:
                for line in stream:
                    text = line.decode().removeprefix("data: ").strip()
                    data = json.loads(text)["data"] if text.startswith("{") else {}
                    if data.get("entity_id") == entity_id and data["new_state"]:
                        taken.append(data["new_state"])

        threading.Thread(target=read, name="home-stream", daemon=True).start()
        return taken

    def _answers(self) -> bool:
        assert self._process is not None
        assert self._process.poll() is None, f"Home Assistant has ended:\n{self.told[-3000:]}"
        with suppress(OSError, urllib.error.URLError):
            return bool(self._ask("GET", "config")["state"] == "RUNNING")
        return False

    def _ask(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        request = self._request(method, path, body)
        with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310 - its own address
            return json.load(answer)

    def _request(self, method: str, path: str, body: dict[str, Any] | None = None) -> urllib.request.Request:
        return urllib.request.Request(
            f"http://{LOOPBACK}:{self.port}/api/{path}",
            method=method,
            data=json.dumps(body).encode() if body is not None else None,
            headers={"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"},
        )

    def _write_configuration(self, broker_port: int) -> None:
        storage = self._folder / ".storage"
        storage.mkdir(parents=True)
        text = _CONFIGURATION.format(host=LOOPBACK, port=self.port)
        if self._front_end:
            text += "frontend:\nconfig:\nlogbook:\n"
        (self._folder / "configuration.yaml").write_text(text, encoding="utf-8")
        for name, version, minor_version, data in (
            ("onboarding", 4, 1, {"done": ["user", "core_config", "analytics", "integration"]}),
            ("core.config_entries", 1, 5, {"entries": [_mqtt_entry(broker_port)]}),
            ("auth", 1, 1, _auth()),
        ):
            content = {"version": version, "minor_version": minor_version, "key": name, "data": data}
            (storage / name).write_text(json.dumps(content), encoding="utf-8")


def _mqtt_entry(broker_port: int) -> dict[str, Any]:
    return {
        "entry_id": uuid.uuid4().hex,
        "domain": "mqtt",
        "title": "Broker",
        "version": 1,
        "minor_version": 2,
        "data": {"broker": LOOPBACK, "port": broker_port},
        "options": {"discovery": True, "discovery_prefix": "homeassistant"},
        "source": "user",
        "created_at": _CREATED,
        "modified_at": _CREATED,
        "discovery_keys": {},
        "subentries": [],
        "disabled_by": None,
        "unique_id": None,
        "pref_disable_new_entities": False,
        "pref_disable_polling": False,
    }


def _auth() -> dict[str, Any]:
    user = {
        "id": _USER_ID,
        "group_ids": ["system-admin"],
        "is_owner": True,
        "is_active": True,
        "name": "Tests",
        "system_generated": False,
        "local_only": False,
    }
    token = {
        "id": _TOKEN_ID,
        "user_id": _USER_ID,
        "client_id": None,
        "client_name": "tests",
        "client_icon": None,
        "token_type": "long_lived_access_token",
        "created_at": _CREATED,
        "access_token_expiration": 315_360_000.0,
        "token": "0" * 128,
        "jwt_key": _JWT_KEY,
        "last_used_at": None,
        "last_used_ip": None,
        "expire_at": None,
        "credential_id": None,
        "version": "2026.2.3",
    }
    names = {"system-admin": "Administrators", "system-users": "Users", "system-read-only": "Read Only"}
    groups = [{"id": group, "name": name} for group, name in names.items()]
    return {"users": [user], "groups": groups, "credentials": [], "refresh_tokens": [token]}


def _bearer_token() -> str:
    """A JWT (RFC 7519, HS256) that the refresh token above verifies."""

    def encode(data: bytes) -> str:
        return base64.urlsafe_b64encode(data).rstrip(b"=").decode()

    now = int(time.time())
    claims = {"iss": _TOKEN_ID, "iat": now - 60, "exp": now + 86_400}
    body = ".".join(encode(json.dumps(part).encode()) for part in ({"alg": "HS256", "typ": "JWT"}, claims))
    return f"{body}.{encode(hmac.new(_JWT_KEY.encode(), body.encode(), hashlib.sha256).digest())}"


@contextmanager
def run_inside(script: str, **given: Any) -> Iterator[Path]:
    """The folder in which ``script``, a file of tests beside this one, has passed with Home Assistant's own Python.

    Args:
        script: its name.
        given: what it finds there, each as a file of JSON: ``NAME.json``.
    """
    root = require_root()
    inside = Path("/srv") / f"inside-{uuid.uuid4().hex[:8]}"
    folder = root / inside.relative_to("/")
    folder.mkdir(parents=True)
    try:
        shutil.copy(Path(__file__).with_name(script), folder / "test_inside.py")
        shutil.copy(Path(__file__).with_name(f"{FIRST}.py"), folder)
        for name, content in given.items():
            (folder / f"{name}.json").write_text(json.dumps(content), encoding="utf-8")
        command = ["/venv/bin/python", "-m", "pytest", "--asyncio-mode=auto", "-q", "-p", "no:cacheprovider"]
        command += ["-p", FIRST]
        answer = subprocess.run(
            enter(root, *command, f"--rootdir={inside}", str(inside / "test_inside.py")),
            env=ENVIRONMENT | {"PYTHONPATH": str(inside)},
            capture_output=True,
            text=True,
            check=False,
            timeout=900,
        )
        assert answer.returncode == 0, answer.stdout[-6000:] + answer.stderr[-2000:]
        assert " passed" in answer.stdout
        yield folder
    finally:
        shutil.rmtree(folder)
