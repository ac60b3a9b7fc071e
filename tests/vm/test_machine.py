"""The machine itself: what a run writes is its own, and a pulled plug takes what was not on the disk yet."""

import pytest

pytestmark = pytest.mark.slow


def test_a_script_s_output_and_exit_status_come_back(machine):
    answer = machine.ask("echo told; echo complained >&2; exit 3")
    assert (answer.status, answer.stdout, answer.stderr) == (3, "told\n", "complained\n")
    assert machine.ask("sleep 60", timeout_s=0.5).status == 124


def test_what_was_not_on_the_disk_is_gone_after_a_pulled_plug(machine):
    machine.run("echo kept >/root/kept && sync && echo fresh >/root/fresh")
    machine.pull_plug()
    print(f"\nthe machine was there again after {machine.boot():.0f} s")
    assert machine.run("cat /root/kept") == "kept\n"
    assert machine.ask("cat /root/fresh").stdout != "fresh\n"
