"""Power cuts while events are made and the broker is away: what is left of the events, and of the file system.

``CUTS`` in the environment says how many.
"""

import os
import random
from pathlib import Path

import pytest

from tests.vm.stream import write_pictures
from tests.vm.victim import Cut, Victim

pytestmark = [pytest.mark.slow, pytest.mark.integration]

CUTS = int(os.environ.get("CUTS", "10"))
STREAM_S = (3.0, 9.0)
PROMISED_S = 3.0
ROW = "{:>4} {:>7} {:>9} {:>7} {:>9} {:>5} {:>14} {:>6}  {}"


@pytest.fixture(scope="module")
def cuts(installed, tmp_path_factory, clip_picture, picture_number) -> list[Cut]:
    """One after the other, of one machine."""
    pictures = tmp_path_factory.mktemp("stream")
    write_pictures(pictures, clip_picture, picture_number)
    victim = Victim(tmp_path_factory.mktemp("victim"), Path(installed.disk), pictures)
    moments = random.Random(1)
    cuts: list[Cut] = []
    try:
        victim.prepare()
        print(ROW.format("cut", "boot s", "stream s", "events", "spooled", "lost", "of the last s", "spool", "root"))
        for number in range(1, CUTS + 1):
            cut = victim.cut(moments.uniform(*STREAM_S))
            figures = (f"{cut.boot_s:.0f}", f"{cut.streamed_s:.1f}", cut.made, cut.spooled, cut.lost)
            print(ROW.format(number, *figures, f"{cut.lost_s:.1f}", cut.verdict, cut.checked), flush=True)
            cuts.append(cut)
    finally:
        victim.machine.remove()
    return cuts


def test_events_were_made_and_most_outlived_every_cut(cuts):
    for cut in cuts:
        assert cut.made > 10
        assert cut.spooled > 0


def test_a_cut_takes_the_last_three_seconds_at_most(cuts):
    assert max(cut.lost_s for cut in cuts) <= PROMISED_S


def test_the_spool_is_sound_after_every_cut_and_the_daemon_goes_on_with_it(cuts):
    for cut in cuts:
        assert cut.verdict == "ok"
        assert not [name for name in cut.files if "damaged" in name]
        assert "damaged" not in cut.said


def test_the_root_is_clean_after_every_cut_once_its_journal_is_replayed(cuts):
    for cut in cuts:
        assert cut.trouble == ""
        assert "blocks" in cut.checked
