"""What the process that reads says to ours, and what is refused of it."""

import logging
import os
import socket

import numpy as np
import pytest

from device.capture.sources.isolated_channel import Channel, ColoursHeader, FrameHeader, Opened, PictureMemory, Request
from device.capture.sources.isolated_colours import ColourLine
from device.errors import SourceError
from device.records import Frame
from tests.device.capture.sources.isolation import PATIENCE_S
from tests.fakes import START


@pytest.fixture
def ends():
    one, other = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    channels = Channel(one), Channel(other)
    yield channels
    for channel in channels:
        channel.close()


@pytest.mark.parametrize(
    "message",
    [
        Request("settings", '{"uri": "a\u00e4"}', colour="whole"),
        Opened(25.0, None),
        FrameHeader((64, 48), None, 1.5, "2026-11-20T15:42:00+00:00", 7),
        FrameHeader((64, 48), (128, 96), 1.5, "2026-11-20T15:42:00+00:00", 7),
        Request("colours", index=7),
        ColoursHeader((320, 240)),
        ColoursHeader(None),
        None,
    ],
)
def test_every_message_arrives_as_it_was_said(ends, message):
    ends[0].send(message)
    assert ends[1].receive(PATIENCE_S, logging.getLogger()) == message


@pytest.mark.parametrize(
    "packet", [b"{}", b"[]", b"\xff", b'["Frame", {}]', b'["Opened", {"fps": 1}]', b'["Opened", 3]']
)
def test_what_is_no_message_is_told_as_none(ends, packet):
    ends[0]._connection.sendall(packet)
    with pytest.raises(ValueError, match="no message"):
        ends[1].receive(PATIENCE_S, logging.getLogger())


@pytest.mark.parametrize(
    "told",
    [
        FrameHeader((65_000, 65_000), None, 1.0, START.isoformat(), 0),
        FrameHeader((-1, -64), None, 1.0, START.isoformat(), 0),
        FrameHeader((8, 8), (65_000, 65_000), 1.0, START.isoformat(), 0),
        FrameHeader((8, 8), None, 1.0, "yesterday", 0),
        FrameHeader((0, 8), None, 1.0, START.isoformat(), 0),
    ],
)
def test_a_frame_that_cannot_be_one_is_refused(told):
    memory = PictureMemory.create(10_000, colour=True)
    with pytest.raises(SourceError, match="a frame came that cannot be one"):
        memory.frame(told, 0)
    memory.close()


@pytest.mark.parametrize("size", [(65_000, 65_000), (-8, -8), (0, 8), (8,), (8, 8, 8), (8, "x"), (8.5, 8)])
def test_colours_that_cannot_be_any_are_none(size):
    line = ColourLine()
    process = Channel(line.theirs)
    process.send(ColoursHeader(size))
    assert line.ask(0) is None
    line.close()


def test_a_frame_that_has_no_room_is_refused_and_the_memory_cannot_be_shrunk():
    memory = PictureMemory.create(1000, colour=False)
    with pytest.raises(SourceError, match=r"larger than source\.max_megapixels"):
        memory.write(Frame(np.zeros((48, 64), np.uint8), 1.0, START, 0))
    with pytest.raises(PermissionError):
        os.ftruncate(memory.descriptor, 10)
    memory.close()
