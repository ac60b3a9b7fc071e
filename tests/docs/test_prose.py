"""The linter of prose sees what it is for, and reads what people read."""

import pytest

from tests.docs.prose.__main__ import PAGES, ROOT, faults_of, main
from tests.docs.prose.text import blocks_of


def faults(tmp_path, text, name="page.md"):
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    return [(line, rule) for line, rule, _ in sorted(faults_of(blocks_of(path)))]


@pytest.mark.parametrize(
    ("sentence", "rule"),
    [
        ("A sensor that learnt them would cry wolf.", "word"),
        ("A point is about as much as chance alone makes of it.", "word"),
        ("It says where one is, and the known ones stay.", "one"),
        ("Who leaves and comes back is new.", "inverted"),
        ("What is kept float goes through a debugger.", "inverted"),
        ("The shape that a picture is to be showed in.", "inverted"),
        ("It opens the file; it reads it; it closes it.", "chain"),
        ("It is " + "very, ".replace("very", "really") * 25 + "long.", "long"),
        ("This is the the fault that proselint knows.", "lexical_illusions.repeats"),
        ("It goes at the end of the day.", "cliches.write_good"),
    ],
)
def test_each_kind_of_fault_is_named(tmp_path, sentence, rule):
    found = {name for _, name in faults(tmp_path, f"# A page\n\nA good line.\n{sentence}\n")}
    assert any(name.startswith(rule.split(".", maxsplit=1)[0]) for name in found), found


def test_a_fault_is_named_with_its_line(tmp_path):
    text = "# A page\n\nA good line\nthat goes on. Whatever\nit is.\n\n- a point\n\n| a | whatever |\n"
    assert faults(tmp_path, text) == [(4, "word"), (9, "word")]


def test_plain_sentences_have_no_fault(tmp_path):
    text = """# What you need

The device reads a face. It sends the result to the broker, and it keeps no picture.

- A camera: `0` or `1` or `2`.
- Does it work? Look at the log.

| key | what it is |
| --- | --- |
| `fps` | frames per second |
"""
    assert faults(tmp_path, text) == []


def test_code_is_not_prose(tmp_path):
    text = "A line.\n\n    whatever is here\n\n```\nwhatever\n```\n\n<!-- whatever -->\nA `whatever` of code.\n"
    assert faults(tmp_path, text) == []


def test_only_the_comments_of_a_configuration_are_prose(tmp_path):
    text = "# Whatever it is.\nwhatever: 1  # whatever\nkey: 2\n  # A line,\n  # whatever it is.\n"
    assert faults(tmp_path, text, "config.yaml") == [(1, "word"), (5, "word")]


def test_only_what_is_not_released_is_read_of_a_changelog(tmp_path):
    text = "# Changelog\n\n## [Unreleased]\n\n- Whatever.\n\n## [1.0.0] - 2027-01-01\n\n- Whatever.\n"
    assert faults(tmp_path, text, "CHANGELOG.md") == [(5, "word")]


def test_a_page_with_a_fault_ends_the_command_with_1(tmp_path, capsys):
    path = tmp_path / "page.md"
    path.write_text("Whatever it is.\n", encoding="utf-8")
    assert main([str(path)]) == 1
    assert capsys.readouterr().out.endswith(
        "page.md:1: word: 'Whatever': write 'any, or: for every'\n1 faults in the prose: word 1\n"
    )


def test_every_page_is_read():
    names = {path.relative_to(ROOT).as_posix() for path in PAGES}
    assert {"README.md", "CONTRIBUTING.md", "CHANGELOG.md", "config.yaml", "docs/eyes.md", "docs/commands.md"} <= names
    assert all(blocks_of(path) for path in PAGES)
