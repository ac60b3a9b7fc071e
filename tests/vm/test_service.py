"""The installed package as a service: it starts with the machine, tells of faces, and gets up again."""

import pytest

pytestmark = [pytest.mark.slow, pytest.mark.integration]


def test_the_package_installs_and_its_service_waits_for_a_camera(installed):
    assert installed.enabled == "enabled"
    assert installed.status["ActiveState"] == "active"
    assert installed.status["NRestarts"] == "0"
    print(f"\nit took {installed.took_s:.0f} s to install; then: {installed.status['StatusText']}")


def test_it_is_ready_after_a_boot_and_the_first_event_arrives(service):
    event = service.wait_for_event()
    shown = service.show()
    assert service.machine.run("systemctl is-active affectd") == "active\n"
    assert shown["StatusText"] == "watching demo; connected to the broker"
    assert shown["NRestarts"] == "0"
    assert event.payload["type"] == "face_appeared"
    ready_s, event_s = service.since_switched_on_s(service.ready_at_s()), service.since_switched_on_s(event.time_s)
    print(
        f"\nready {ready_s:.0f} s after the machine was switched on, and the first event at the subscriber after "
        f"{event_s:.0f} s\n{service.machine.run('systemd-analyze')}"
    )
    assert ready_s <= event_s


def test_a_loop_that_stands_still_brings_the_watchdog_and_a_new_process(service):
    service.wait_for_event()
    before = service.heard("events")[-1].payload
    pid, restarts = service.pid, int(service.show()["NRestarts"])
    stopped_s = float(service.machine.run(f"date +%s.%N && kill -STOP {pid}"))
    service.wait_until(lambda: service.pid not in {0, pid}, "a new process")
    replaced_s = service.now_s()
    service.wait_until(lambda: service.heard("events")[-1].payload["run"] != before["run"], "its events")
    first = next(event for event in service.heard("events", stopped_s) if event.payload["run"] != before["run"])
    print(
        f"\na new process {replaced_s - stopped_s:.0f} s after the stop, "
        f"its first event after {first.time_s - stopped_s:.0f} s"
    )
    assert "Watchdog timeout" in service.journal(200)
    assert int(service.show()["NRestarts"]) == restarts + 1
    numbers = [event.payload["seq"] for event in service.heard("events")]
    assert set(range(min(numbers), max(numbers) + 1)) == set(numbers), "an event is missing"


def test_a_service_that_takes_too_much_memory_is_ended_and_comes_back_and_the_status_says_so(service):
    service.wait_until_says("watching demo")
    shown = service.show()
    used, peak, high, most = (int(shown[f"Memory{name}"]) / 2**20 for name in ("Current", "Peak", "High", "Max"))
    print(f"\nwithout an overlay: {used:.0f} MiB now, {peak:.0f} MiB at most; bounds {high:.0f} and {most:.0f} MiB")
    assert (high, most) == (320, 400)
    assert peak < high
    pid = service.pid
    service.machine.run(f"systemctl set-property --runtime affectd MemoryHigh=infinity MemoryMax={used / 2:.0f}M")
    service.wait_until(lambda: service.show()["SubState"] == "auto-restart", "its end")
    told = service.machine.ask("systemctl status affectd --no-pager --lines 2").stdout
    print(told)
    assert "(Result: oom-kill)" in told
    service.machine.run("systemctl revert affectd")
    service.wait_until(lambda: service.show()["ActiveState"] == "active" and service.pid not in {0, pid}, "a new one")
    service.wait_until_says("watching demo; connected to the broker")
