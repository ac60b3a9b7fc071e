"""Looks at everything the daemon needs, says what is wrong, and how to mend it."""

import os
import queue
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path
from shlex import quote

from device import __version__
from device.capture.privacy_switch import is_switched_on
from device.capture.sources import build_source
from device.capture.sources.settings import picamera_number
from device.capture.sources.square import looks_squeezed
from device.config import Config, load_config, sample_config
from device.contract.labels import EMOTIONS
from device.errors import AffectdError, SourceError
from device.mqtt.checkup import Checkup, check_broker
from device.mqtt.homeassistant import Discovery
from device.mqtt.payloads import DeviceInfo
from device.mqtt.settings import MqttSettings
from device.mqtt.topics import Topics
from device.overlay.displays import connected, drivers_to_try, explain_kmsdrm, explain_no_display, may_read_keys
from device.overlay.settings import OverlaySettings
from device.system.clock import SystemClock
from device.system.lock import SERVICE_STATE_DIR, is_held
from device.system.telemetry import SYSFS, read_temperature_c, read_throttling
from device.system.user import user_name
from device.tools.finding import Finding
from device.tools.summary.checkup import examine_summary

_WARM_C, _HOT_C = 70.0, 80.0
_LITTLE_DISK_MB = 100
_CAMERA_TIMEOUT_S = 45.0
_SQUEEZED = (
    ", which analogue recorders store with faces too wide or too narrow to be found: "
    "set source.aspect to the shape that the picture is to be seen in, such as 16:9"
)
_OVERLAY_PACKAGES = {"pygame-ce": "pygame", "Pillow": "PIL"}


def examine(config_path: Path) -> Iterator[Finding]:
    """Look at one thing after the other; without a sound configuration, only at what does not need one."""
    try:
        config = load_config(config_path)
        _ = config.device.resolved_state_dir  # a user without a home has none, unless it is set
        yield Finding("ok", "config", f"{config_path}, device {config.device.resolved_id}")
    except AffectdError as error:
        yield Finding("wrong", "config", str(error), _mend_config(config_path))
        config = None
    if config:
        yield examine_model(config)
        yield examine_detector(config)
        yield examine_permissions(config)
        broker, daemon_source = examine_broker(config)
        yield broker
        yield examine_camera(config, daemon_source)
        if config.overlay.enabled:
            yield examine_overlay(config.overlay, daemon_source)
        if config.summary.enabled:
            yield examine_summary(config.device.resolved_state_dir)
        yield examine_disk(config.device.resolved_state_dir)
    yield examine_clock()
    yield examine_temperature()


def examine_model(config: Config) -> Finding:
    """The model's digest, and its golden answers on this machine."""
    from device.classify.modelstore import model_in_use, open_model

    named = config.classifier.model
    path = model_in_use(named, config.device.resolved_state_dir)
    try:
        classifier = open_model(config.classifier, config.models, config.device.resolved_state_dir)
    except AffectdError as error:
        if named:
            command = f"ls -l {quote(str(path))}"
        elif path.is_relative_to(config.device.resolved_state_dir):
            command = "sudo affectd model remove"
        else:
            command = "pip install --force-reinstall affectd"
        return Finding("wrong", "model", str(error), command)
    if classifier.instead_of:
        told = f"{classifier.instead_of}; the model that ships is used instead"
        return Finding("warning", "model", told, "sudo affectd model remove")
    card = classifier.model_card
    answers = f"{len(card.golden.examples)} golden answers right"
    return Finding("ok", "model", f"{card.name} ({card.version}), {answers}, {classifier.runtime}")


def examine_detector(config: Config) -> Finding:
    """What finds faces; a network that does not is a warning where the cascades go on without it."""
    from device.detect import open_detector
    from device.detect.networkfile import network_in_use

    settings, state_dir = config.detector, config.device.resolved_state_dir
    command = "sudo affectd detector list"
    try:
        asked = network_in_use(settings.network, state_dir) if settings.kind == "auto" else None
        wanted = settings.model_copy(update={"kind": "yunet"}) if asked else settings
        return Finding("ok", "detector", f"faces are found by {open_detector(wanted, state_dir).description}")
    except AffectdError as error:
        if settings.kind != "auto":
            return Finding("wrong", "detector", str(error), command)
        return Finding("warning", "detector", f"{error.reason}; faces are found by Haar cascades", command)


def examine_permissions(config: Config) -> Finding:
    """Whether what must survive a restart can be written."""
    folder = config.device.resolved_state_dir
    existing = _nearest_existing(folder)
    if existing.is_dir() and os.access(existing, os.W_OK | os.X_OK):
        return Finding("ok", "permissions", f"{folder} can be written")
    user = user_name()
    command = f"sudo install -d -m 700 -o {quote(user)} {quote(str(folder))}"
    return Finding("wrong", "permissions", f"{existing} cannot be written by {user}: no event would survive", command)


def examine_broker(config: Config) -> tuple[Finding, str | None]:
    """Whether it takes our messages and gives them back; and what the daemon, while online, says of its camera."""
    settings = config.mqtt
    where = settings.addresses_text
    if not settings.enabled:
        return Finding("ok", "broker", "none: mqtt.enabled is false"), None
    topics = Topics(settings.base_topic, config.device.resolved_id)
    home = settings.homeassistant
    info = DeviceInfo(__version__, "emotion", "0000.00", EMOTIONS, "")
    try:
        checkup = check_broker(settings, topics, Discovery.of(home, topics, info) if home.enabled else None)
    except AffectdError as error:
        return Finding("wrong", "broker", str(error), _mend_broker(settings)), None
    told = f"{where} gave our message back after {1000 * checkup.round_trip_s:.0f} ms"
    if checkup.daemon_online and _daemon_runs(config) is False:
        # Anybody may publish there: what is said is believed where a daemon is known to say it.
        device = config.device.resolved_id
        told = f"{told}; {device} is online there and no daemon runs here: another device, or somebody, uses its name"
        return Finding("warning", "broker", told, "affectd watch  # or give this device another device.id"), None
    told = f"{told}; the daemon is {'online' if checkup.daemon_online else 'offline'}"
    return _grade_broker(checkup, told), checkup.source


def _grade_broker(checkup: Checkup, told: str) -> Finding:
    if checkup.missing:
        denied = f"{told}, and the broker keeps nothing of it on {', '.join(checkup.missing)}: it may not publish there"
        return Finding("wrong", "broker", denied, "sudo grep -rn acl_file /etc/mosquitto  # where the rules are")
    if checkup.refused_bytes:
        told = f"{told}; it takes no message of {checkup.refused_bytes} bytes, so Home Assistant is told in parts"
        return Finding("warning", "broker", told, "sudo grep -rn -e packet_size -e size_limit /etc/mosquitto")
    return Finding("ok", "broker", told)


def _daemon_runs(config: Config) -> bool | None:
    """Whether a daemon keeps its events on this machine; None where this user may not know."""
    held = [is_held(folder) for folder in (config.device.resolved_state_dir, SERVICE_STATE_DIR)]
    return True if True in held else None if None in held else False


def examine_camera(config: Config, daemon_source: str | None) -> Finding:
    """Whether frames come; a camera that is in use, or closed by the privacy switch, is left alone.

    Args:
        config: names the camera.
        daemon_source: as ``examine_broker`` gives it.
    """
    uri = config.source.uri
    source = build_source(config.source, SystemClock())
    # The daemon may keep its switch in a folder that systemd has given it, and not us.
    folders = config.device.resolved_state_dir, config.device.resolved_runtime_dir
    if daemon_source in {"paused", "pausing"} or is_switched_on(*folders):
        return Finding("ok", "camera", f"{source.name} is closed by the privacy switch, and was not opened for this")
    if daemon_source == "ok":
        return Finding("ok", "camera", f"{source.name} is in use by the daemon, and gives it frames")

    def take() -> str:
        try:
            source.open()
            frame = source.read()
            if frame is None:
                raise SourceError(f"{source.name} has no frames")
            squeezed = _SQUEEZED if looks_squeezed(frame.width, frame.height) else ""
            return f"{source.name} gives frames of {frame.width} x {frame.height} pixels{squeezed}"
        finally:
            source.close()

    try:
        told = _within(_CAMERA_TIMEOUT_S, take, f"{source.name} does not answer", _wake(uri))
        return Finding("warning" if told.endswith(_SQUEEZED) else "ok", "camera", told)
    except AffectdError as error:
        return Finding("wrong", "camera", str(error), _mend_camera(uri))


def examine_overlay(settings: OverlaySettings, daemon_source: str | None) -> Finding:
    """Whether there is a display to show anything on; without one the daemon does its work all the same.

    Args:
        settings: the section ``overlay``.
        daemon_source: as ``examine_broker`` gives it.
    """
    if missing := [name for name, module in _OVERLAY_PACKAGES.items() if find_spec(module) is None]:
        told = f"{' and '.join(missing)} not installed: nothing is shown"
        return Finding("warning", "overlay", told, "pip install 'affectd[overlay]'")
    drivers = drivers_to_try(settings.driver, os.environ)
    if not drivers:
        return Finding("warning", "overlay", explain_no_display(), "ls /sys/class/drm")
    if drivers[0] != "kmsdrm":
        return Finding("ok", "overlay", f"a window on the desktop, by {drivers[0]}")
    if daemon_source is not None:
        told = "a bare console's display, which the running daemon may hold: it says in its log whether it does"
        return Finding("ok", "overlay", told, "journalctl -u affectd -g overlay -n 5")
    return _examine_console()


def _examine_console() -> Finding:
    if fault := explain_kmsdrm():
        return Finding("warning", "overlay", fault, "ls -l /dev/dri; grep . /sys/class/drm/card*-*/status; id")
    if not may_read_keys():
        told = f"{connected()[0]}, but no key will be heard: {user_name()} may not read any keyboard"
        command = f"sudo usermod -aG input {quote(user_name())}  # then log in again"
        return Finding("warning", "overlay", told, command)
    return Finding("ok", "overlay", f"the whole of {connected()[0]}, by kmsdrm")


def examine_disk(folder: Path) -> Finding:
    """Whether there is room for the events that wait for the broker."""
    existing = _nearest_existing(folder)
    free_mb = shutil.disk_usage(existing).free // 1_000_000
    if free_mb < _LITTLE_DISK_MB:
        command = "sudo journalctl --vacuum-size=50M && sudo apt-get clean"
        return Finding("wrong", "disk", f"{free_mb} MB free at {existing}, expected {_LITTLE_DISK_MB} or more", command)
    return Finding("ok", "disk", f"{free_mb} MB free at {existing}")


def examine_clock() -> Finding:
    """Whether the time of day was set from outside."""
    clock = SystemClock()
    if clock.state() == "synced":
        return Finding("ok", "clock", f"synchronised, {clock.now():%Y-%m-%d %H:%M:%S} UTC")
    told = f"not synchronised, {clock.now():%Y-%m-%d %H:%M:%S} UTC; events are marked so"
    return Finding("warning", "clock", told, "sudo timedatectl set-ntp true")


def examine_temperature(sysfs: Path = SYSFS) -> Finding:
    """How warm the processor is, and whether something holds it back."""
    throttling = read_throttling(sysfs)
    held_back = f", now {' and '.join(throttling.now).replace('_', ' ')}" if throttling and throttling.now else ""
    if held_back and throttling and "under_voltage" in throttling.now:
        command = "vcgencmd get_throttled  # use the power supply made for this board"
        return Finding("wrong", "temperature", f"the supply's voltage is too low{held_back}", command)
    celsius = read_temperature_c(sysfs)
    if celsius is None:
        return Finding("ok", "temperature", "not known on this machine")
    told = f"{celsius:.0f} °C{held_back}"
    command = "vcgencmd measure_temp  # fit a heat sink or a fan, or lower source.fps"
    if celsius >= _HOT_C:
        return Finding("wrong", "temperature", f"{told}, expected below {_HOT_C:.0f}", command)
    return (
        Finding("warning", "temperature", told, command) if celsius >= _WARM_C else Finding("ok", "temperature", told)
    )


def _mend_config(path: Path) -> str:
    if path.exists():
        return f"sudoedit {quote(str(path))}"
    return f"sudo install -D -m 644 {quote(str(sample_config()))} {quote(str(path))}"


def _mend_broker(settings: MqttSettings) -> str:
    if settings.is_local:
        return "sudo systemctl enable --now mosquitto && journalctl -u mosquitto -n 20"
    first = settings.addresses[0]
    return f"nc -vz {quote(first.host)} {first.port}"


def _wake(uri: str) -> str:
    """What helps a source that does not answer at all."""
    if "://" in uri:
        return "see that it is on and can be reached from here"
    if picamera_number(uri) is not None:
        return "see that its cable sits on both sides, and start the machine again"
    is_camera = uri.isdigit() or Path(uri).is_relative_to("/dev")
    return "unplug it and plug it in again" if is_camera else "copy it to a disk of this machine"


def _mend_camera(uri: str) -> str:
    if picamera_number(uri) is not None:
        return "rpicam-hello --list-cameras"
    node = Path(f"/dev/video{uri}" if uri.isdigit() else uri)
    if node.is_relative_to("/dev"):
        if node.exists() and not os.access(node, os.R_OK | os.W_OK):
            return f"sudo usermod -aG video {quote(user_name())}  # then log in again"
        return f"sudo fuser -v {quote(str(node))}" if node.exists() else "ls -l /dev/v4l/by-id /dev/video*"
    return "" if "://" in uri else f"ls -l {quote(uri)}"


def _nearest_existing(folder: Path) -> Path:
    return next(path for path in (folder, *folder.absolute().parents) if path.exists())


def _within(timeout_s: float, action: Callable[[], str], complaint: str, remedy: str) -> str:
    """What ``action`` gives, in a thread of its own, for a hung camera can block for ever. Raises SourceError."""
    results: queue.SimpleQueue[str | AffectdError] = queue.SimpleQueue()

    def run() -> None:
        try:
            results.put(action())
        except AffectdError as error:
            results.put(error)
        except Exception as error:  # noqa: BLE001 an end without an answer would be waited for
            results.put(SourceError(f"it cannot be tried: {type(error).__name__}: {error}"))

    threading.Thread(target=run, name="doctor-camera", daemon=True).start()
    begun_s = time.monotonic()
    try:
        result = results.get(timeout=timeout_s)
    except queue.Empty:
        waited_s = time.monotonic() - begun_s
        raise SourceError(f"{complaint} within {waited_s:.0f} s", remedy) from None
    if isinstance(result, AffectdError):
        raise result
    return result
