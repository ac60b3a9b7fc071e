#!/opt/affectd/bin/python
"""Starts the daemon as a Home Assistant app: the app's options become a configuration, and root's rights go.

The options lie in /data/options.json. Where they name no broker, the Supervisor is asked for Home Assistant's own.
"""

import json
import os
import pwd
import sys
import urllib.request
from pathlib import Path
from typing import Any, NoReturn

OPTIONS = Path("/data/options.json")
STATE = Path("/data/affectd")
CONFIG = Path("/run/affectd.yaml")
USER = "affectd"
DAEMON = "/opt/affectd/bin/affectd"
_SERVICE = "http://supervisor/services/mqtt"
_LARGEST_BYTES = 65_536


def configuration(options: dict[str, Any], service: dict[str, Any]) -> tuple[dict[str, Any], str | None]:
    """``config.yaml``'s sections and the broker's password, of the app's options and the Supervisor's broker."""
    own = bool(options.get("mqtt_host"))
    mqtt = {
        "host": options["mqtt_host"] if own else service["host"],
        "port": options.get("mqtt_port", 1883) if own else int(service["port"]),
        "username": (options.get("mqtt_username") if own else service.get("username")) or None,
        "tls": False if own else bool(service.get("ssl")),
        "protocol": "5",
    }
    password = options.get("mqtt_password") if own else service.get("password")
    sections = {
        "device": {"id": options["device_id"], "name": options.get("device_name") or None},
        "source": {"uri": options["source"]},
        "mqtt": mqtt,
        "log": {"level": options.get("log_level", "info")},
    }
    return sections, password or None


def broker_of_supervisor(token: str) -> dict[str, Any]:
    """Home Assistant's broker as the Supervisor tells it. Raises OSError or ValueError."""
    request = urllib.request.Request(_SERVICE, headers={"Authorization": f"Bearer {token}"})
    with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310 the Supervisor has one address
        return dict(json.loads(answer.read(_LARGEST_BYTES))["data"])


def give_up_root() -> None:
    """Become the daemon's user, with the cameras' groups, whatever numbers these have on the host."""
    user = pwd.getpwnam(USER)
    STATE.mkdir(mode=0o700, exist_ok=True)
    os.chown(STATE, user.pw_uid, user.pw_gid)
    groups = {path.stat().st_gid for path in Path("/dev").glob("video*")} - {0}
    os.setgroups(sorted(groups | {user.pw_gid}))
    os.setgid(user.pw_gid)
    os.setuid(user.pw_uid)


def become_daemon(password: str | None) -> NoReturn:
    """Start the daemon in the place of this program."""
    environment = {"PATH": os.environ.get("PATH", ""), "TZ": os.environ.get("TZ", ""), "STATE_DIRECTORY": str(STATE)}
    if password:
        environment["AFFECTD_MQTT_PASSWORD"] = password
    os.execve(DAEMON, ["affectd", "run", "--config", str(CONFIG)], environment)  # noqa: S606 its path is fixed


def main() -> int:
    """Read, write, and become the daemon; an exit code where that fails."""
    try:
        options = json.loads(OPTIONS.read_bytes()[:_LARGEST_BYTES])
        service = {} if options.get("mqtt_host") else broker_of_supervisor(os.environ.get("SUPERVISOR_TOKEN", ""))
        sections, password = configuration(options, service)
        CONFIG.write_text(json.dumps(sections), encoding="utf-8")
        CONFIG.chmod(0o644)
        give_up_root()
    except (OSError, ValueError, KeyError, TypeError) as error:
        print(
            f"affectd: the app cannot start: {error!r}; look at its options and at Home Assistant's broker",
            file=sys.stderr,
        )
        return 78
    become_daemon(password)


if __name__ == "__main__":
    sys.exit(main())
