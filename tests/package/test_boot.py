"""The installed service under a real systemd: ready, supervised, reloaded, and with a line for whatever is wrong."""

from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

SCRIPT = Path(__file__).with_name("boot.sh").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def told(root) -> dict[str, str]:
    sections = root.boot(SCRIPT)
    print(f"\n{root.release}")
    for heading, body in sections.items():
        print(f"== {heading}\n{body}")
    return sections


def test_installed_it_is_enabled_and_runs_and_waits_for_a_camera(told):
    assert told["installed"].startswith("enabled\nactive\n")
    assert "StatusText=no picture from" in told["installed"]


def test_it_runs_as_its_own_user_with_folders_of_its_own(told):
    assert "affectd 700" in told["running"].splitlines()[-1]
    assert "watching demo; connected to the broker" in told["running"]


def test_it_logs_in_with_the_credential_and_events_arrive(told):
    assert told["events"].count('"device":"hall"') == 3


def test_a_loop_that_stands_still_brings_the_watchdog(told):
    assert "watchdog" in told["stopped loop"].lower()
    assert "ActiveState=active" in told["stopped loop"]


def test_a_reload_is_taken_by_the_same_process_though_it_starts_slower_than_the_watchdog_is_patient(told):
    assert told["reload"].startswith("reloaded\n")
    assert "same process" in told["reload"]
    assert "NRestarts=1" in told["reload"]


def test_nonsense_is_refused_at_a_reload_and_changes_nothing(told):
    assert "refused" in told["nonsense reloaded"]
    assert "still active" in told["nonsense reloaded"]
    assert "did you mean `log`?" in told["nonsense reloaded"]


def test_nonsense_at_a_start_is_in_the_status_and_not_tried_again(told):
    assert "ActiveState=failed" in told["nonsense started"]
    assert "ExecMainStatus=78" in told["nonsense started"]
    assert "did you mean `log`?" in told["nonsense started"]


def test_a_wrong_password_is_in_the_status(told):
    assert "ActiveState=active" in told["wrong password"]
    assert "mqtt-password" in told["wrong password"] or "password" in told["wrong password"]
    assert "waited in vain" not in told["wrong password"]


def test_a_full_card_is_in_the_status_and_the_daemon_goes_on(told):
    assert "ActiveState=active" in told["full card"]
    assert "StatusText=watching demo; no broker: " in told["full card"]
    assert "the spool /var/lib/affectd/events.sqlite3 cannot be used: " in told["full card"]
    assert "check the folder's permissions and the free space" in told["full card"]


def test_a_camera_that_is_locked_is_in_the_status_and_waited_for(told):
    assert "ActiveState=active" in told["locked camera"]
    assert "StatusText=no picture from /dev/video9: no permission for the camera" in told["locked camera"]
    assert "ls -l /dev/video9" in told["locked camera"]


def test_a_missing_model_is_in_the_status_and_tried_again(told):
    assert "StatusText=a model file is expected at /nowhere/model.tflite" in told["missing model"]
    assert "ExecMainStatus=69" in told["missing model"] or "ActiveState=activating" in told["missing model"]


def test_an_installed_model_is_taken(told):
    assert "* /var/lib/affectd/model.tflite" in told["a model installed"]
    assert "affectd 644" in told["a model installed"]


def test_a_connected_daemon_writes_no_byte_to_the_card(told):
    counters, events, lines, outcome = told["steady state"].split(maxsplit=3)
    assert int(counters) == 1
    assert int(events) > 10
    assert int(lines) == 0
    assert outcome.strip() == "nothing written"


def test_a_second_camera_runs_beside_the_first(told):
    assert "ActiveState=active" in told["second camera"]
    assert "/run/affectd-porch\n/var/lib/affectd-porch" in told["second camera"]


def test_the_memory_s_events_outlive_a_stop(told):
    assert told["stopped"].startswith("/run/affectd\n")
    assert "Result=success" in told["stopped"]
    assert "StatusText=stopped" in told["stopped"]


def test_it_is_sandboxed(told):
    exposure = float(told["security"].partition(": ")[2].split()[0])
    assert exposure <= 2.0


def test_systemd_complains_of_nothing(told):
    assert told["complaints"].strip() == ""
