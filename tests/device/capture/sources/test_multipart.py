"""Motion-JPEG in the dialects that cameras speak."""

import io

import pytest

from device.capture.sources.multipart import Parts
from device.errors import SourceError
from tests.device.capture.sources.matroska import jpeg

FIRST, SECOND, THIRD = (jpeg(level) for level in (50, 100, 150))
PLAIN = b"--b\r\nContent-Type: image/jpeg\r\nContent-Length: %d\r\n\r\n%s\r\n"


class Drip(io.BytesIO):
    """Gives a few bytes at a time, as a network does."""

    def __init__(self, data, step):
        super().__init__(data)
        self.step = step

    def read1(self, count=-1):
        return super().read1(min(count, self.step))


def parts(data, boundary="b", step=7, most_bytes=100_000):
    return list(Parts("camera", Drip(data, step), boundary, most_bytes))


def body(write):
    return b"".join(write(content) for content in (FIRST, SECOND, THIRD)) + b"--b\r\n"


@pytest.mark.parametrize(
    "write",
    [
        lambda content: PLAIN % (len(content), content),
        lambda content: b"--b\r\nContent-Type: image/jpg\r\ncontent-length:%d\r\n\r\n%s\r\n" % (len(content), content),
        lambda content: b"--b\nContent-Length: %d\n\n%s\n" % (len(content), content),
        lambda content: b"--b\r\nContent-Length: %d\r\n\r\n%s" % (len(content), content),
        lambda content: b"--b\r\n\r\n%s\r\n" % content,
        lambda content: b"--b\r\nContent-Type: image/jpeg\r\n\r\n%s\r\n" % content,
        lambda content: b"----b\r\nContent-Type: image/jpeg\r\n\r\n%s\r\n" % content,
        lambda content: b"Content-Length: %d\r\n\r\n%s\r\n--b\r\n" % (len(content), content),
        lambda content: b"%s\r\n--b\r\n" % content,
        lambda content: b"--b\r\nContent-Length: 0\r\n\r\n\r\n" + PLAIN % (len(content), content),
        lambda content: b"--b\r\n\r\n\r\n" + PLAIN % (len(content), content),
    ],
    ids=[
        *("plain", "image/jpg", "line feeds", "no line after it", "no headers", "no length", "more dashes"),
        *("no first boundary", "no boundary nor headers", "empty part", "empty part without headers"),
    ],
)
@pytest.mark.parametrize("step", [3, 16_384])
def test_each_dialect_gives_the_pictures(write, step):
    assert parts(body(write), step=step) == [FIRST, SECOND, THIRD]


@pytest.mark.parametrize("boundary", ["b", "--b", None])
def test_the_boundary_may_be_announced_with_its_dashes_or_not_at_all(boundary):
    assert parts(body(lambda content: b"--b\r\n\r\n%s\r\n" % content), boundary) == [FIRST, SECOND, THIRD]


def test_a_length_that_is_wrong_costs_that_picture_and_not_the_stream():
    short = PLAIN % (len(FIRST) // 2, FIRST) + PLAIN % (len(SECOND), SECOND) + b"--b\r\n"
    assert parts(short)[-1] == SECOND
    long = PLAIN % (len(FIRST) + 30, FIRST) + PLAIN % (len(SECOND), SECOND) + PLAIN % (len(THIRD), THIRD) + b"--b\r\n"
    assert parts(long)[-1] == THIRD


def test_a_part_that_is_cut_off_is_not_given():
    assert parts(PLAIN % (len(FIRST), FIRST) + b"--b\r\nContent-Length: 500\r\n\r\nx") == [FIRST]


class Endless:
    """A body that goes on with ``more`` for ever, and counts what is taken of it."""

    def __init__(self, beginning, more):
        self.beginning, self.more, self.taken = beginning, more, 0

    def read1(self, count=-1):
        given, self.beginning = self.beginning or (self.more * count)[:count], b""
        self.taken += len(given)
        return given


@pytest.mark.parametrize(
    ("beginning", "more", "told"),
    [
        (b"--b\r\nContent-Length: 2000000000\r\n\r\n", b"x", "a picture of more than 0.1 MB"),
        (b"--b\r\nContent-Length: 99999999999999999999999999999999\r\n\r\n", b"x", "of more than"),
        (b"--b\r\n\r\n", b"x", "of more than"),
        (b"--b\r\n\r\n", b"x\n", "of more than"),
        (b"--b\r\n", b"X-Y: z\r\n", "headers without end"),
    ],
)
def test_what_has_no_end_is_refused_before_it_takes_the_memory(beginning, more, told):
    stream = Endless(beginning, more)
    with pytest.raises(SourceError, match=told):
        list(Parts("camera", stream, "b", 100_000))
    assert stream.taken < 300_000
