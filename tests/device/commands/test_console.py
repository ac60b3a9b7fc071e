import sys

from device.commands.console import ConsoleSink, console_sinks
from tests.device.sightings import change


def test_a_change_is_one_line_with_the_face_and_the_emotion(capsys):
    event = change(7)
    ConsoleSink().emit(event)
    (line,) = capsys.readouterr().out.splitlines()
    assert f"face {event.track}" in line
    assert str(event.emotion) in line


def test_only_somebody_at_a_terminal_who_did_not_ask_for_quiet_is_told(monkeypatch):
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    assert len(console_sinks(quiet=False)) == 1
    assert console_sinks(quiet=True) == []
    monkeypatch.setattr(sys.stdout, "isatty", lambda: False)
    assert console_sinks(quiet=False) == []
