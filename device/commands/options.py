"""Options that several verbs share."""

import argparse
import os
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from device.errors import UsageError
from device.system.lock import SERVICE_STATE_DIR

if TYPE_CHECKING:
    from device.config import Config

DEFAULT_CONFIG = Path("/etc/affectd/config.yaml")
_PORT, _TLS_PORT = 1883, 8883


def add_config_option(parser: argparse.ArgumentParser) -> None:
    """Add ``--config``."""
    parser.add_argument(
        "--config",
        type=Path,
        default=DEFAULT_CONFIG,
        metavar="FILE",
        help=f"the configuration (default: {DEFAULT_CONFIG})",
    )


def add_state_dir_options(parser: argparse.ArgumentParser) -> None:
    """Add ``--config`` and ``--state-dir``, for verbs that change what the daemon keeps."""
    parser.add_argument("--config", type=Path, default=DEFAULT_CONFIG, metavar="FILE", help="the configuration")
    parser.add_argument(
        "--state-dir",
        type=Path,
        metavar="DIR",
        help=f"the daemon's state directory (default: the configuration's, else {SERVICE_STATE_DIR})",
    )


def optional_config(options: argparse.Namespace) -> "Config":
    """What ``--config`` names; the defaults where that is not given and there is none. Raises ConfigError."""
    from device.config import Config, load_config

    is_optional = options.config == DEFAULT_CONFIG and not DEFAULT_CONFIG.exists()
    return Config() if is_optional else load_config(options.config)


def state_dir_of(options: argparse.Namespace, config: "Config") -> Path:
    """The daemon's, which systemd names to the daemon alone."""
    if options.state_dir:
        return Path(options.state_dir)
    is_told = config.device.state_dir is not None or "STATE_DIRECTORY" in os.environ
    return SERVICE_STATE_DIR if not is_told and SERVICE_STATE_DIR.is_dir() else config.device.resolved_state_dir


def add_broker_options(parser: argparse.ArgumentParser) -> None:
    """Add ``--config`` and ``--broker``, for verbs that also work where no daemon is set up."""
    parser.add_argument(
        "--config",
        type=Path,
        metavar="FILE",
        help=f"the configuration that says how to log in (default: {DEFAULT_CONFIG} if it is there)",
    )
    parser.add_argument("--broker", metavar="HOST[:PORT]", help="a broker to use instead of the configuration's")


def add_device_option(parser: argparse.ArgumentParser) -> None:
    """Add ``--device``."""
    parser.add_argument("--device", metavar="ID", help="a device's id, instead of the configuration's")


def parse_broker(text: str, default_port: int = _PORT) -> tuple[str, int]:
    """Host and port of ``HOST[:PORT]``. Raises UsageError."""
    try:
        parts = urlsplit(f"//{text}")
        host, port = parts.hostname, parts.port
    except ValueError:
        host = port = None
    # Whatever else urlsplit knows, a user or a path say, does not belong here.
    if not host or parts.netloc != text or "@" in text or text.endswith(":") or port == 0:
        raise UsageError(f"--broker is {text!r}, expected HOST or HOST:PORT")
    return host, port or default_port


def config_of(options: argparse.Namespace) -> "Config":
    """The configuration that ``add_broker_options`` asked for, with the broker that was named.

    Raises:
        ConfigError: see ``load_config``.
        UsageError: ``--broker`` or ``--device`` names none.
    """
    from device.config import Config, load_config

    path = options.config or (DEFAULT_CONFIG if DEFAULT_CONFIG.exists() else None)
    config = load_config(path) if path else Config()
    if options.broker is None:
        return config
    host, port = parse_broker(options.broker, _TLS_PORT if config.mqtt.tls else _PORT)
    return config.model_copy(update={"mqtt": config.mqtt.model_copy(update={"host": host, "port": port})})
