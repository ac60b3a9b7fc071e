import io

from trainer.terminal import ProgressLine


class _Terminal(io.StringIO):
    def isatty(self):
        return True


def test_elsewhere_each_tenth_is_a_line():
    stream = io.StringIO()
    line = ProgressLine("reading", stream=stream)
    for done in range(1, 2001):
        line(done, 2000)
    assert stream.getvalue().splitlines() == [f"reading: {tenth * 10}%" for tenth in range(1, 11)]


def test_what_is_soon_done_says_nothing():
    stream = io.StringIO()
    ProgressLine("reading", stream=stream)(5, 10)
    assert stream.getvalue() == ""


def test_a_terminal_s_line_is_rewritten_and_ended():
    stream = _Terminal()
    line = ProgressLine("reading", stream=stream)
    line(1, 4)
    line(4, 4)
    assert stream.getvalue() == "\rreading: 25%\rreading: 100%\n"
