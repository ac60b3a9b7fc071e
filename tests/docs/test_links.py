"""What the documents name is there: files, headings, keys, verbs, flags and make targets."""

import re

import pytest

from device.cli import build_parser
from device.config import Config
from device.tools.config_file import flattened
from tests.docs.reference import LINES, ROOT, _verbs

DOCUMENTS = [ROOT / name for name in ("README.md", "CONTRIBUTING.md", "SECURITY.md") if (ROOT / name).exists()]
DOCUMENTS += sorted((ROOT / "docs").glob("*.md"))
KEYS = set(flattened(Config().model_dump()))
SECTIONS = {name for key in KEYS for name in (key.split(".")[0], ".".join(key.split(".")[:-1]))}
VERBS = {
    (program, name.split(" ")[0])
    for program, description, verbs in LINES
    for name, _, _ in _verbs(build_parser(program, description, verbs))
}


def anchors(text: str) -> set[str]:
    """The headings' names, as GitHub and MkDocs make them."""
    heads = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", head.lower()).strip().replace(" ", "-") for head in heads}


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)
def test_every_link_leads_somewhere(path):
    text = path.read_text(encoding="utf-8")
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if target.startswith(("https://", "http://", "mailto:")):
            continue
        file, _, anchor = target.partition("#")
        found = (path.parent / file).resolve() if file else path
        assert found.exists(), f"{path.name} links to {target}"
        if anchor:
            assert anchor in anchors(found.read_text(encoding="utf-8")), f"{path.name} links to {target}"


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)
def test_every_key_of_the_configuration_that_is_named_is_one(path):
    sections = "|".join(sorted({key.split(".")[0] for key in KEYS}))
    for key in re.findall(rf"`((?:{sections})\.[a-z_.]+[a-z_])(?::[^`]*)?`", path.read_text(encoding="utf-8")):
        assert key in KEYS | SECTIONS | NOT_KEYS, f"{path.name} names the key {key}"


COMMAND = r"(?:^    (?:sudo )?|`(?:sudo )?)(affectd(?:-train|-convert)?) ([a-z]+)\b"
NOT_VERBS = {"is"}
NOT_KEYS = {"device.id", "mqtt.asyncapi", "source.py", "log.csv"}


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)
def test_every_verb_that_is_named_is_one(path):
    text = path.read_text(encoding="utf-8")
    for program, verb in re.findall(
        r"(?:^    (?:sudo )?|`(?:sudo )?)(affectd(?:-train|-convert)?) ([a-z]+)\b", text, re.MULTILINE
    ):
        assert (program, verb) in VERBS or verb in NOT_VERBS, f"{path.name} names {program} {verb}"


def test_every_page_is_in_the_site_s_index():
    site = (ROOT / "mkdocs.yml").read_text(encoding="utf-8")
    missing = [path.name for path in (ROOT / "docs").glob("*.md") if path.name not in site]
    assert missing == []


def test_every_picture_is_in_a_page():
    shown = "".join(path.read_text(encoding="utf-8") for path in DOCUMENTS)
    pictures = [path for path in (ROOT / "docs").iterdir() if path.suffix in {".jpg", ".png", ".webp", ".svg"}]
    assert [path.name for path in pictures if path.name not in shown] == []


def test_the_readme_fits_on_a_few_screens():
    assert len((ROOT / "README.md").read_text(encoding="utf-8").splitlines()) <= 150


FLAGS = {
    option
    for program, description, verbs in LINES
    for _, verb, _ in _verbs(build_parser(program, description, verbs))
    for action in verb._actions
    for option in action.option_strings
} | {"--help", "--version"}
PATHS = r"`((?:\.ci|converters|device|docs|systemd|tests|trainer)/[\w./-]*[\w/])`"
# Of venv, Docker and the benchmark for a GPU.
NOT_OURS = {"--system-site-packages", "--env-file", "--seconds"}


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)
def test_every_flag_of_a_command_that_is_named_is_one(path):
    text = path.read_text(encoding="utf-8").replace("\\\n", " ")
    lines = re.findall(
        r"^ {4}(?:sudo )?(affectd(?:-train|-convert)? .*)$|`(?:sudo )?(affectd(?:-train|-convert)? [^`]*)`",
        text,
        re.MULTILINE,
    )
    for line in ("".join(groups).partition("#")[0] for groups in lines):
        for flag in re.findall(r"(?<= )--[a-z][a-z-]*", re.split(r" [|;&] ?", line)[0]):
            assert flag in FLAGS, f"{path.name} names {flag} in {line}"


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)
def test_every_flag_that_stands_by_itself_is_one_of_some_command(path):
    for flag in re.findall(r"`(--[a-z][a-z-]+)(?: [^`]*)?`", path.read_text(encoding="utf-8")):
        assert flag in FLAGS | NOT_OURS, f"{path.name} names {flag}"


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)
def test_every_file_of_the_repository_that_is_named_is_there(path):
    for name in re.findall(PATHS, path.read_text(encoding="utf-8")):
        assert (ROOT / name).exists() or "NAME" in name, f"{path.name} names {name}"
