"""The broker, asked as the daemon asks it."""

from shlex import quote

from device import __version__
from device.config import Config
from device.contract.labels import EMOTIONS
from device.errors import AffectdError
from device.mqtt.checkup import Checkup, check_broker
from device.mqtt.homeassistant import Discovery
from device.mqtt.payloads import DeviceInfo
from device.mqtt.settings import MqttSettings
from device.mqtt.topics import Topics
from device.system.lock import SERVICE_STATE_DIR, is_held
from device.tools.finding import Finding


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


def _mend_broker(settings: MqttSettings) -> str:
    if settings.is_local:
        return "sudo systemctl enable --now mosquitto && journalctl -u mosquitto -n 20"
    first = settings.addresses[0]
    return f"nc -vz {quote(first.host)} {first.port}"
