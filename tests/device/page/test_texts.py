"""Every text is there in every language, and what is made of them asks for no other."""

import json
import re
from pathlib import Path
from string import Formatter

import pytest

from device.page.texts import FOLDER, LANGUAGES, choose_language, texts_in
from device.tools.aim.verdict import HINTS
from device.tools.page.keys import CHANGEABLE

PAGE = Path(FOLDER).parent
CATALOGUES = {one: json.loads((FOLDER / f"{one}.json").read_text(encoding="utf-8")) for one in LANGUAGES}


def test_each_catalogue_is_a_language_and_none_is_left_out():
    assert {path.stem for path in FOLDER.glob("*.json")} == set(LANGUAGES)


@pytest.mark.parametrize("language", LANGUAGES[1:])
def test_all_catalogues_have_the_same_keys(language):
    assert list(CATALOGUES[language]) == list(CATALOGUES[LANGUAGES[0]])


@pytest.mark.parametrize("language", LANGUAGES[1:])
def test_all_have_room_for_the_same_values(language):
    def places(text):
        return {name for _, name, _, _ in Formatter().parse(text) if name}

    for key, text in CATALOGUES[LANGUAGES[0]].items():
        assert places(text) == places(CATALOGUES[language][key]), key


def test_every_text_that_the_page_names_is_there():
    named = set()
    for path in PAGE.rglob("*.py"):
        named |= set(re.findall(r'texts\("([a-z.]+)"', path.read_text(encoding="utf-8")))
    assert named <= CATALOGUES["en"].keys()
    assert len(named) > 20


def test_every_key_that_may_be_changed_has_a_name_and_an_explanation():
    for key in CHANGEABLE:
        assert {f"key.{key}", f"key.{key}.help"} <= CATALOGUES["en"].keys()
    assert {key for key in CATALOGUES["en"] if key.startswith("key.") and not key.endswith(".help")} == {
        f"key.{key}" for key in CHANGEABLE
    }


def test_every_fault_that_aim_finds_has_words():
    assert {f"fault.{fault}" for fault in HINTS} <= CATALOGUES["en"].keys()


def test_an_emotion_of_another_model_is_called_as_the_model_does():
    assert texts_in("de").emotion("happy") == "froh"
    assert texts_in("de").emotion("amused") == "amused"


@pytest.mark.parametrize(
    ("wanted", "accepted", "language"),
    [
        ("de", "en", "de"),
        (None, "de-AT,de;q=0.9,en;q=0.8", "de"),
        (None, "fr,de;q=0.5", "de"),
        (None, "fr", "en"),
        ("xx", "de", "de"),
        (None, None, "en"),
        (None, "," * 5000 + "de", "en"),
    ],
)
def test_who_asks_for_a_language_gets_it(wanted, accepted, language):
    assert choose_language(wanted, accepted) == language
