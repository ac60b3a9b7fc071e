"""The daemon at full speed for half an hour: what it holds at the end is what it held after warming up."""

import os
import signal
import statistics
import time

import pytest

from tests.brokers import Listener, broker, silent_broker
from tests.integration.processes import Daemon, write_config
from tests.usage import Usage

__all__ = ["broker", "silent_broker"]

pytestmark = pytest.mark.slow

DURATION_S = float(os.environ.get("SOAK_S") or 1800.0)
WARM_UP_S = min(300.0, DURATION_S / 5)
SAMPLE_EVERY_S = 2.0
MOST_GROWTH_MB = 2.0


def samples_of(daemon: Daemon) -> list[Usage]:
    """What the daemon holds, every other second once it is warm."""
    samples, warm_s = [], time.monotonic() + WARM_UP_S
    while (now_s := time.monotonic()) < warm_s + DURATION_S - WARM_UP_S:
        assert daemon.process.poll() is None, daemon.told
        if now_s >= warm_s:
            samples.append(Usage.of(daemon.process.pid))
        time.sleep(SAMPLE_EVERY_S)
    return samples


def test_half_an_hour_at_full_speed_leaves_nothing_behind(broker, tmp_path):
    listener = Listener(broker.port, "affectd/hall/stats")
    source = {"uri": "demo", "pace": "as-fast-as-possible", "loop": True}
    config = write_config(tmp_path, broker.port, source=source, mqtt={"stats_interval_s": 10.0})
    daemon = Daemon(config, tmp_path / "stderr")
    try:
        samples = samples_of(daemon)
        daemon.process.send_signal(signal.SIGTERM)
        assert daemon.wait() == 0, daemon.told
        frames_per_s = [message.message["fps"] for message in listener.on("stats")]
    finally:
        daemon.end()
        listener.close()
    tenth = max(1, len(samples) // 10)
    first_mb, last_mb = (
        statistics.median(sample.memory_mb for sample in part) for part in (samples[:tenth], samples[-tenth:])
    )
    print(
        f"\n{DURATION_S:.0f} s at {statistics.mean(frames_per_s):.0f} frames a second; "
        f"from {WARM_UP_S:.0f} s on:\n"
        f"memory of its own {first_mb:.2f} -> {last_mb:.2f} MB ({last_mb - first_mb:+.2f}; "
        f"highest {max(sample.memory_mb for sample in samples):.2f})\n"
        f"descriptors {samples[0].descriptors} -> {samples[-1].descriptors}, "
        f"threads {samples[0].threads} -> {samples[-1].threads}"
    )
    assert last_mb - first_mb < MOST_GROWTH_MB
    assert max(sample.descriptors for sample in samples[-tenth:]) <= max(
        sample.descriptors for sample in samples[:tenth]
    )
    assert samples[-1].threads <= samples[0].threads
