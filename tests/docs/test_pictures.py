"""Every picture of the pages shows what is here today."""

import json

import pytest

from tests.docs.pictures import NOTED, SHOWN, digests, pictures
from tests.docs.reference import ROOT

NOTES = json.loads(NOTED.read_text(encoding="utf-8"))


@pytest.mark.parametrize("path", pictures(), ids=lambda path: path.name)
def test_a_picture_was_made_of_what_it_shows(path):
    assert path.name in NOTES, "note it: make pictures"
    assert NOTES[path.name] == digests(path), "make it again: make pictures"


def test_no_picture_is_noted_that_is_gone():
    assert set(NOTES) == {path.name for path in pictures()}


def test_what_pictures_show_is_there():
    assert [name for names in SHOWN.values() for name in names if not (ROOT / name).exists()] == []
