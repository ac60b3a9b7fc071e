"""Legal YAML can be very strange; it is plain data or a fault with its line, and nothing else."""

import resource
import subprocess
import sys
from pathlib import Path

import pytest

from device.yaml_text import YamlTextError, read_yaml

BOMB = "\n".join(
    ["a0: &a0 [x, x, x, x, x, x, x, x, x]", *(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 12))]
)


@pytest.mark.parametrize(
    ("text", "line", "told"),
    [
        ("a: 1\n? [b, c]\n: 2\n", 2, "a key is expected"),
        ("mqtt:\n  host: {{ broker }}\n", 2, "a key is expected"),
        ("? {a: 1}\n: 2\n", 1, "a key is expected"),
        ("device: &d\n  id: *d\n", 1, "an alias stands for what it is a part of"),
        ("- &x [*x]\n", 1, "an alias stands for what it is a part of"),
        ("a: &a {<<: *a}\n", 1, "an alias stands for what it is a part of"),
        ("a: b\nc: \x07\n", 2, "the character U+0007 cannot stand in YAML"),
        ("a: b\nc: \ud800\n", 2, "the character U+D800 cannot stand in YAML"),
        ("a\0\0\0\0", None, "holds zeros"),
        ("[" * 5000, None, "nested too deeply"),
        ("a: !!timestamp 2026-02-30\n", None, "this is not YAML"),
        ("a: !!timestamp soon\n", None, "this is not YAML"),
        ("a: !!bool perhaps\n", None, "this is not YAML"),
        ("a: !!int ''\n", None, "this is not YAML"),
        ("a: !!float x\n", None, "this is not YAML"),
        ("a: " + "9" * 5000, None, "this is not YAML"),
        ("a: !!python/name:os.system x\n", 1, "this is not YAML"),
        ("a: 1\nb: 2\na: 3\n", 3, "stands twice"),
        ("a: 1\n--- \nb: 2\n", 2, "this is not YAML"),
        (BOMB, 5, "aliases make more than 10000 values"),
    ],
)
def test_what_is_no_plain_data_is_a_fault_with_its_line(text, line, told):
    with pytest.raises(YamlTextError) as fault:
        read_yaml(text)
    assert told in fault.value.reason
    assert fault.value.line == line


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("0123", "0123"),
        ("12:30:45", "12:30:45"),
        ("2026-02-30", "2026-02-30"),
        ("1_000", "1_000"),
        ("0", 0),
        ("-17", -17),
        ("1e-3", 0.001),
        ("1.5", 1.5),
        (".5", 0.5),
        ("yes", True),
        ("~", None),
        ("\ufeffa", "a"),
        ("", None),
        ("# nothing", None),
    ],
)
def test_numbers_and_dates_are_what_a_person_would_take_them_for(text, value):
    assert read_yaml(text).data == value


def test_aliases_and_merges_of_an_honest_size_are_plain_data():
    text = "base: &base {level: info}\nlog: {<<: *base}\nother: *base\n"
    assert read_yaml(text).data == {"base": {"level": "info"}, "log": {"level": "info"}, "other": {"level": "info"}}


def test_a_bomb_of_aliases_takes_no_memory(tmp_path):
    (tmp_path / "bomb.yaml").write_text(BOMB, encoding="utf-8")
    answer = subprocess.run(
        [sys.executable, "-m", "device", "check", "--config", str(tmp_path / "bomb.yaml")],
        cwd=Path(__file__).parents[2],
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (3 * 2**30, 3 * 2**30)),
        capture_output=True,
        text=True,
        check=False,
    )
    assert answer.returncode == 78
    assert "bomb.yaml:5: aliases make more than 10000 values" in answer.stderr
