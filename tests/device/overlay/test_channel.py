"""What the daemon and the overlay say to each other."""

import socket

import pytest

from device.overlay.channel import Moment, Report, Update, daemon_end, overlay_end
from device.overlay.scene import FaceMark
from device.records import RelativeBox, Scores
from device.system.channel import socket_pair

MARKS = (
    FaceMark(1, RelativeBox(0.1, 0.2, 0.3, 0.4), "happy", Scores(("happy", "sad"), (0.75, 0.25)), 3.5, visible=True),
    FaceMark(2, RelativeBox(0.5, 0.2, 0.1, 0.1), None, None, 0.0, visible=False),
)


@pytest.fixture
def ends():
    one, other = socket_pair()
    daemon, overlay = daemon_end(one), overlay_end(other)
    yield daemon, overlay
    daemon.close()
    overlay.close()


@pytest.mark.parametrize(
    "update",
    [
        Update("paused", "away", None),
        Update("ok", "connected", 14.9, Moment(MARKS, 12.25, (480, 640, 3), unconfirmed=(MARKS[0].box,))),
        Update("ok", "off", 15.0, Moment((), 12.25, None, aspect=4 / 3)),
    ],
)
def test_an_update_arrives_as_it_was_said(ends, update):
    daemon, overlay = ends
    assert daemon.send(update)
    assert overlay.receive() == [update]


def test_reports_arrive_in_order_and_once(ends):
    daemon, overlay = ends
    for kind in ("shown", "ready", "pause"):
        overlay.send(Report(kind, "x11"))
    assert [report.kind for report in daemon.receive()] == ["shown", "ready", "pause"]
    assert daemon.receive() == []
    assert not daemon.gone


def test_one_that_does_not_listen_is_not_waited_for(ends):
    daemon, overlay = ends
    said = 0
    while daemon.send(Update("ok", "off", 15.0)):
        said += 1
    assert 0 < said < 100_000
    assert not daemon.gone
    assert len(overlay.receive()) == said
    assert daemon.send(Update("ok", "off", 15.0))


def test_each_end_sees_the_other_s_death_after_its_last_words(ends):
    daemon, overlay = ends
    overlay.send(Report("failed", "no display"))
    overlay.close()
    assert daemon.receive() == [Report("failed", "no display")]
    assert daemon.gone
    assert not daemon.send(Update("ok", "off", None))


def test_what_cannot_be_understood_is_left_out():
    one, other = socket_pair()
    daemon = daemon_end(one)
    for garbage in (b"\xff", b"{}", b'{"kind": "explode"}', b'{"kind": "ready", "text": 3}', b"[" * 1000):
        other.send(garbage)
    other.send(b'{"kind": "ready"}')
    assert daemon.receive() == [Report("ready")]
    daemon.close()
    other.close()


def test_the_most_faces_there_can_be_fit_into_a_message(ends):
    daemon, overlay = ends
    names = tuple(f"a rather long label {number}" for number in range(8))
    scores = Scores(names, (0.125,) * 8)
    faces = tuple(
        FaceMark(number, RelativeBox(0.1234, 0.1234, 0.1234, 0.1234), names[0], scores, 12345.678901234, visible=True)
        for number in range(32)
    )
    boxes = tuple(face.box for face in faces)
    assert daemon.send(Update("ok", "connected", 15.0, Moment(faces, 1.0, (480, 640), unconfirmed=boxes)))
    assert overlay.receive()[0].moment.faces == faces


def test_messages_are_kept_whole():
    one, other = socket_pair()
    assert one.getsockopt(socket.SOL_SOCKET, socket.SO_TYPE) == socket.SOCK_SEQPACKET
    one.close()
    other.close()
