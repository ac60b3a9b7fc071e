"""``config.yaml`` to typed settings; every fault is told with its line, what was expected and what stands there."""

import difflib
import hashlib
import json
import os
import re
import socket
import stat
from contextlib import suppress
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, Field, ValidationError, field_validator

from device.capture.sources.settings import SourceSettings
from device.classify.classifier import ClassifierSettings
from device.classify.trust import ModelsSettings
from device.detect import DetectorSettings
from device.errors import ConfigError, UsageError
from device.events.smooth import SmoothingSettings
from device.mqtt.settings import MqttSettings
from device.overlay.settings import OverlaySettings
from device.page.settings import PageSettings
from device.redact import learn_secrets_in, mask_secrets, redact
from device.section import Section, WholePath
from device.summary.settings import SummarySettings
from device.system.heat import HeatSettings
from device.system.log import LogSettings
from device.track.tracker import TrackerSettings
from device.yaml_text import MOST_BYTES, YamlText, YamlTextError, read_yaml

_DEVICE_ID = re.compile(r"[a-zA-Z0-9_-]+")


class DeviceSettings(Section):
    """Which device this is, and where it keeps what must survive a restart."""

    id: str | None = Field(None, description="letters, digits, _ and -; null takes the host's name")
    name: str | None = Field(
        None,
        min_length=1,
        max_length=64,
        description="the name that Home Assistant shows, in any script; null takes the id",
    )
    state_dir: WholePath | None = Field(
        None,
        description="the folder where events wait while the broker is away; null takes systemd's StateDirectory, or "
        "~/.local/state/affectd",
    )
    runtime_dir: WholePath | None = Field(
        None,
        description="the folder in memory where events are in the first seconds; null takes systemd's "
        "RuntimeDirectory, or else /run/user or /dev/shm",
    )

    @field_validator("id")
    @classmethod
    def _check_id(cls, value: str | None) -> str | None:
        if value is not None and not _DEVICE_ID.fullmatch(value):
            raise ValueError("letters, digits, _ and - are allowed, since it is part of MQTT topics")
        return value

    @field_validator("name")
    @classmethod
    def _check_name(cls, value: str | None) -> str | None:
        if value is not None and not (value.isprintable() and value.strip()):
            raise ValueError("characters that can be seen, in any script, since Home Assistant shows it")
        return value

    @property
    def resolved_id(self) -> str:
        """The id in force."""
        return self.id or re.sub(r"[^a-zA-Z0-9_-]", "-", socket.gethostname()) or "affectd"

    @property
    def resolved_state_dir(self) -> Path:
        """The folder in force; it may not exist yet."""
        if self.state_dir is not None:
            return self.state_dir
        # systemd gives a list where a unit asks for several; ours asks for one.
        given = os.environ.get("STATE_DIRECTORY", "").split(":")[0]
        return Path(given) if given else _state_of_user() / "affectd"

    @property
    def resolved_runtime_dir(self) -> Path:
        """The folder in memory that is in force; it may not exist yet."""
        if self.runtime_dir is not None:
            return self.runtime_dir
        given = os.environ.get("RUNTIME_DIRECTORY", "").split(":")[0]
        return Path(given) if given else _own_folder_in_memory()


def _state_of_user() -> Path:
    """The folder that the XDG Base Directory Specification means. Raises ConfigError where the user has no home."""
    named = Path(os.environ.get("XDG_STATE_HOME", ""))
    if named.is_absolute():  # the specification has all others ignored
        return named
    try:
        return Path.home() / ".local" / "state"
    except RuntimeError:
        raise ConfigError(
            f"the user with the number {os.getuid()} has no home folder for what must survive a restart",
            "set device.state_dir",
        ) from None


def _own_folder_in_memory(of_session: Path = Path("/run/user"), shared: Path = Path("/dev/shm")) -> Path:  # noqa: S108
    user = os.getuid()
    if os.access(of_session / str(user), os.W_OK):
        return of_session / str(user) / "affectd"
    folder = shared / f"affectd-{user}"
    with suppress(OSError):
        folder.mkdir(mode=0o700)
    try:
        found = folder.lstat()
    except OSError:
        return folder  # which the spool will find unusable, and say so
    # Anybody may write to /dev/shm, and could have laid a trap under a name that is easily guessed.
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != user or found.st_mode & 0o022:
        raise ConfigError(f"{folder} belongs to somebody else", "remove it, or set device.runtime_dir")
    return folder


class Config(Section):
    """The whole of ``config.yaml``."""

    device: DeviceSettings = DeviceSettings()
    source: SourceSettings = SourceSettings()
    detector: DetectorSettings = DetectorSettings()
    tracker: TrackerSettings = TrackerSettings()
    classifier: ClassifierSettings = ClassifierSettings()
    models: ModelsSettings = ModelsSettings()
    smoothing: SmoothingSettings = SmoothingSettings()
    mqtt: MqttSettings = MqttSettings()
    summary: SummarySettings = SummarySettings()
    overlay: OverlaySettings = OverlaySettings()
    page: PageSettings = PageSettings()
    heat: HeatSettings = HeatSettings()
    log: LogSettings = LogSettings()


def sample_config() -> Path:
    """The ``config.yaml`` that came along, with every key in it: beside this file where a package was installed."""
    beside = Path(__file__).with_name("config.yaml")
    return beside if beside.exists() else Path(__file__).parents[1] / "config.yaml"


def load_config(path: Path) -> Config:
    """Read and check a configuration.

    Raises:
        ConfigError: with the file, the line and the key, what was expected, what was found and what to do.
    """
    try:
        with path.open("rb") as file:
            data = file.read(MOST_BYTES + 1)
        text = data.decode("utf-8")
    except (OSError, ValueError) as error:
        if isinstance(error, UnicodeDecodeError):
            raise ConfigError(f"{path} is not UTF-8 text", "save it as UTF-8") from error
        raise ConfigError(
            f"{path} cannot be read: {getattr(error, 'strerror', error)}",
            f"give another file with --config, or begin with a copy of {sample_config()}",
        ) from error
    if len(data) > MOST_BYTES:
        raise ConfigError(f"{path} is larger than {MOST_BYTES // 1024} kB", "give the configuration itself")
    return parse_config(text, str(path))


def parse_config(text: str, name: str) -> Config:
    """Check the text of a configuration; ``name`` is what faults call it. Raises ConfigError, whatever the text is."""
    try:
        document = read_yaml(text)
    except YamlTextError as fault:
        where = name if fault.line is None else f"{name}:{fault.line}"
        raise ConfigError(f"{where}: {fault.reason}", fault.remedy) from None
    data = document.data
    _learn_secrets(data)
    if data is None:
        return Config()
    if not isinstance(data, dict):
        raise ConfigError(f"{name}:1: expected sections such as `mqtt:`, found {_shown(data)}")
    try:
        # JSON's rules: a string may stand for a path and a list for a tuple, but no "5" for a 5.
        return Config.model_validate_json(json.dumps(data, default=str))
    except ValidationError as error:
        raise _config_error(error, document, name) from None
    except ConfigError:
        raise
    except Exception as error:
        raise ConfigError(f"{name} cannot be understood: {error}", "compare it with config.yaml") from error


def _learn_secrets(data: Any) -> None:
    """Whatever of a configuration is told from now on, a password in it is not; sound or not, and under any key."""
    if isinstance(data, str):
        learn_secrets_in(data)
    elif isinstance(data, dict | list):
        for part in data.values() if isinstance(data, dict) else data:
            _learn_secrets(part)


def with_source(config: Config, uri: str) -> Config:
    """``config`` with another source, as a command line names it. Raises UsageError when ``uri`` can be none."""
    learn_secrets_in(uri)
    if not uri.isprintable() and any("\ud800" <= character <= "\udfff" for character in uri):
        raise UsageError("--source names a file in letters that are not UTF-8", "rename it, or name a link to it")
    try:
        source = SourceSettings.model_validate(config.source.model_dump() | {"uri": uri})
    except ValidationError as error:
        expected = error.errors()[0]["msg"].removeprefix("Value error, ")
        raise UsageError(f"--source names nothing that can be watched: {expected}") from None
    return config.model_copy(update={"source": source})


def with_overlay(config: Config) -> Config:
    """``config`` with the overlay switched on, as a command line asks for it."""
    return config.model_copy(update={"overlay": config.overlay.model_copy(update={"enabled": True})})


def _config_error(error: ValidationError, document: YamlText, name: str) -> ConfigError:
    faults = error.errors(include_url=False)
    first = faults[0]
    keys = tuple(str(part) for part in first["loc"])
    where = f"{name}:{document.line(*keys)}"
    more = f" (and {len(faults) - 1} more)" if len(faults) > 1 else ""
    if first["type"] == "extra_forbidden":
        return ConfigError(f"{where}: unknown key `{'.'.join(keys)}`{more}", _nearest(keys))
    expected = first["msg"].removeprefix("Value error, ").removeprefix("Input should be ")
    if section := _section(keys):
        if first["type"] == "value_error":  # of several keys together
            return ConfigError(f"{where}: `{'.'.join(keys)}`: {expected}{more}")
        expected = f"keys below it, such as `{next(iter(section.model_fields))}:`"
    node = document.node(*keys)
    found = "nothing" if first["type"] == "missing" else _shown(first["input"], node)
    if _is_private(keys):
        found = "something else, not shown since it may hold a password"
    remedy = "put it in quotes" if first["type"] == "string_type" and isinstance(node, yaml.ScalarNode) else ""
    return ConfigError(f"{where}: `{'.'.join(keys)}`: expected {expected}, found {found}{more}", remedy)


def _is_private(keys: tuple[str, ...]) -> bool:
    section = _section(keys[:-1])
    field = section.model_fields.get(keys[-1]) if section and keys else None
    return field is not None and not field.repr


def _nearest(keys: tuple[str, ...]) -> str:
    section = _section(keys[:-1])
    if section is None:
        return ""
    known = list(section.model_fields)
    near = difflib.get_close_matches(keys[-1], known, n=1, cutoff=0.5)
    return f"did you mean `{near[0]}`?" if near else f"known here are {', '.join(known)}"


def _section(keys: tuple[str, ...]) -> type[BaseModel] | None:
    """The class of the section at ``keys``, None where no section stands there."""
    section: type[BaseModel] = Config
    for key in keys:
        field = section.model_fields.get(key)
        if field is None or not (isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel)):
            return None
        section = field.annotation
    return section


def _shown(value: Any, node: yaml.Node | None = None) -> str:
    """``value`` in a few words, without secrets; as it is written in the file, where ``node`` is known."""
    if value is None:
        return "nothing"
    if isinstance(value, dict | list):
        return "keys and values" if isinstance(value, dict) else "a list"
    is_as_written = isinstance(node, yaml.ScalarNode) and not isinstance(value, str)
    text = redact(node.value if node and is_as_written else repr(value))
    return text if len(text) <= 60 else text[:57] + "..."


def config_digest(config: Config) -> str:
    """SHA-256 of all settings but the device's id and name, in hexadecimal: equal where two devices are set alike.

    Secrets are masked before, so that nobody can try passwords against it.
    """
    settings = config.model_dump(mode="json")
    for key in ("id", "name"):
        settings["device"].pop(key)
    return hashlib.sha256(mask_secrets(json.dumps(settings, sort_keys=True)).encode()).hexdigest()
