"""The table shows every device and face that fits the terminal, and nothing that could steer it."""

import pytest

from device.commands.table import render
from device.mqtt.fleet import DeviceStatus, FaceMessage, Fleet, StateMessage, StatsMessage


def device(name, *faces, online=True, paused=False, temperature_c=51.2):
    return DeviceStatus(
        name,
        online=online,
        paused=paused,
        state=StateMessage(source="paused" if paused else "ok", faces=faces),
        stats=StatsMessage(fps=9.81, queue=3, temperature_c=temperature_c),
    )


def draw(*devices, events=(), width=100, height=30, only_wrong=False):
    fleet = Fleet("affectd", {device.name: device for device in devices}, event_count=len(events))
    return render(fleet, "broker:1883", events, width=width, height=height, only_wrong=only_wrong)


def line_of(lines, name):
    (line,) = [line for line in lines if line.startswith(name)]
    return line.split()


def test_a_device_has_a_line_and_each_further_face_one_below():
    happy, unread = (
        FaceMessage(track=17, emotion="happy", confidence=0.5),
        FaceMessage(track=18, emotion=None, confidence=None),
    )
    lines = draw(device("hall", happy, unread))
    assert line_of(lines, "hall") == ["hall", "ok", "9.8", "51", "°C", "3", "17", "happy", "██████░░░░░░", "50%"]
    assert lines[lines.index(next(line for line in lines if line.startswith("hall"))) + 1].split() == ["18", "..."]


def test_devices_stand_in_the_order_of_their_names_whoever_spoke_first():
    lines = draw(device("porch"), device("attic"), device("hall"))
    assert [line.split()[0] for line in lines[3:6]] == ["attic", "hall", "porch"]
    assert "3 devices, 3 online" in lines[0]


def test_a_device_that_is_offline_or_paused_says_so_and_shows_no_old_figures():
    lines = draw(device("attic", online=False), device("hall", paused=True, temperature_c=None), DeviceStatus("porch"))
    assert line_of(lines, "attic") == ["attic", "offline"]
    assert line_of(lines, "hall") == ["hall", "paused", "9.8", "-", "3"]
    assert line_of(lines, "porch") == ["porch", "offline"]


def test_what_is_wrong_with_a_device_is_told_in_words():
    lines = draw(device("attic"), device("hall", temperature_c=84.0))
    assert "84 °C  3      84 °C" in next(line for line in lines if line.startswith("hall"))
    assert lines[3].startswith("hall")


def test_the_latest_events_fill_what_is_left_of_the_height():
    events = [f"event {number}" for number in range(50)]
    lines = draw(device("hall"), events=events, height=12)
    assert len(lines) == 12
    assert lines[-1] == "event 49"
    assert "event 40" not in lines


@pytest.mark.parametrize(("width", "height"), [(1, 1), (10, 3), (40, 5), (200, 100)])
def test_it_never_is_larger_than_the_terminal(width, height):
    lines = draw(*(device(f"device-{number}") for number in range(20)), events=["x" * 500], width=width, height=height)
    assert len(lines) <= height
    assert max(map(len, lines)) <= width


def test_a_name_that_would_steer_the_terminal_is_made_harmless():
    lines = draw(device("\x1b[2Jhall\r\n"))
    assert not any("\x1b" in line or "\r" in line for line in lines)


def many(count):
    return [
        device(f"device-{number:03}", FaceMessage(track=1, emotion=None, confidence=None)) for number in range(count)
    ]


def test_of_two_hundred_devices_those_with_a_trouble_come_first_and_the_rest_is_counted():
    lines = draw(*many(200), device("porch", online=False), device("attic", temperature_c=84.0), height=24)
    assert [line.split()[0] for line in lines[3:5]] == ["attic", "porch"]
    assert len(lines) == 24
    shown = sum(line.startswith(("device-", "attic", "porch")) for line in lines)
    assert lines[22] == f"and {202 - shown} more; --only PATTERN and --wrong show fewer"
    assert "202 devices, 201 online, 2 with a trouble" in lines[0]


def test_only_what_is_wrong_is_shown_where_that_is_asked_for():
    lines = draw(*many(200), device("porch", online=False), only_wrong=True)
    assert [line.split()[0] for line in lines[3:] if line] == ["porch"]


def test_a_device_has_one_line_where_there_is_no_room_for_each_face():
    faces = [FaceMessage(track=number, emotion=None, confidence=None) for number in range(4)]
    lines = draw(*(device(f"device-{number}", *faces) for number in range(5)), height=10)
    assert [line.split()[0] for line in lines[3:8]] == [f"device-{number}" for number in range(5)]


def test_several_versions_are_counted_and_one_is_not_worth_a_line():
    old, new, newer = (
        DeviceStatus(name, online=True, version=version) for name, version in zip("abc", "122", strict=True)
    )
    assert draw(old, new, newer)[1] == "versions of affectd: 2 (2), 1 (1)"
    assert not draw(new, newer)[1]
