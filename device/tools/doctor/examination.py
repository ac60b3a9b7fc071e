"""Every part looked at in turn, with the command that mends what is wrong."""

from collections.abc import Iterator
from pathlib import Path
from shlex import quote

from device.config import load_config, sample_config
from device.errors import AffectdError
from device.tools.doctor.broker import examine_broker
from device.tools.doctor.camera import examine_camera
from device.tools.doctor.display import examine_overlay
from device.tools.doctor.machine import examine_clock, examine_disk, examine_permissions, examine_temperature
from device.tools.doctor.models import examine_detector, examine_model
from device.tools.finding import Finding
from device.tools.summary.checkup import examine_summary


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


def _mend_config(path: Path) -> str:
    if path.exists():
        return f"sudoedit {quote(str(path))}"
    return f"sudo install -D -m 644 {quote(str(sample_config()))} {quote(str(path))}"
