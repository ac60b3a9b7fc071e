import os

import pytest

from trainer.framework import free_cores, quick_precision, use_quick_kernels

LINES = "processor\t: 0\nmodel name\t: some\nflags\t\t: {}\nprocessor\t: 1\nflags\t\t: fpu\n"


@pytest.fixture
def processor(tmp_path):
    def write(flags):
        (tmp_path / "cpuinfo").write_text(LINES.format(flags), encoding="ascii")
        return tmp_path / "cpuinfo"

    return write


@pytest.mark.parametrize("flags", ["fpu avx512f avx512_bf16", "amx_bf16 amx_tile"])
def test_a_processor_with_instructions_for_bfloat16_trains_in_it(processor, flags):
    assert quick_precision(processor(flags)) == "bfloat16"


def test_a_processor_without_them_trains_in_float32(processor):
    assert quick_precision(processor("fpu avx512f avx512_bf16x")) == "float32"


def test_a_processor_that_does_not_say_trains_in_float32(processor, tmp_path):
    assert quick_precision(tmp_path / "none") == "float32"
    path = processor("")
    path.write_text("processor\t: 0\n", encoding="ascii")
    assert quick_precision(path) == "float32"


def test_only_tensorflow_is_known_to_gain_by_it(processor, monkeypatch):
    monkeypatch.setenv("KERAS_BACKEND", "jax")
    assert quick_precision(processor("avx512_bf16")) == "float32"


@pytest.mark.parametrize(
    ("machine", "said", "found"), [("x86_64", None, "1"), ("x86_64", "0", "0"), ("aarch64", None, None)]
)
def test_x86_takes_onednn_s_kernels_unless_somebody_wants_others(monkeypatch, machine, said, found):
    monkeypatch.setenv("TF_ENABLE_ONEDNN_OPTS", "")
    monkeypatch.delenv("TF_ENABLE_ONEDNN_OPTS")  # and whatever is set here is taken back
    if said:
        monkeypatch.setenv("TF_ENABLE_ONEDNN_OPTS", said)
    use_quick_kernels(machine)
    assert os.environ.get("TF_ENABLE_ONEDNN_OPTS") == found


@pytest.fixture
def cores(tmp_path, monkeypatch):
    """Two of four cores are this process's: 0 and 2. ``look`` says for how many ticks each was idle, of 25."""
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0, 2})

    def write(idle, passed):
        path = tmp_path / "stat"
        rows = [f"cpu{core} {1000 + passed - ticks} 0 0 {5000 + ticks} 0 0 0 0 0 0" for core, ticks in enumerate(idle)]
        path.write_text("\n".join(["cpu  9 0 0 9 0 0 0 0 0 0", *rows, "ctxt 7"]) + "\n", encoding="ascii")
        return path

    def look(*idle):
        return free_cores(write((0, 0, 0, 0), 0), lambda _: write(idle, 25))

    return look


@pytest.mark.parametrize(
    ("idle", "free"),
    [((25, 0, 25, 0), 2), ((25, 25, 1, 25), 1), ((1, 25, 2, 25), 1), ((20, 0, 19, 0), 2), ((0, 25, 0, 25), 1)],
)
def test_the_free_cores_are_those_of_this_process_that_are_idle_now(cores, idle, free):
    assert cores(*idle) == free


def test_what_ended_before_the_look_keeps_no_core_from_counting_as_free(cores, monkeypatch):
    monkeypatch.setattr(os, "getloadavg", lambda: (2.0, 2.0, 2.0))
    assert cores(25, 25, 25, 25) == 2


@pytest.mark.parametrize("content", [None, "", "cpu 1 2\n", "cpu0 1 2 3\n", "cpux 1 2 3 4 5 6 7 8\n"])
def test_where_nothing_is_known_of_the_cores_all_count_as_free(tmp_path, monkeypatch, content):
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0, 2})
    if content is not None:
        (tmp_path / "stat").write_text(content, encoding="ascii")
    assert free_cores(tmp_path / "stat", lambda _: None) == 2
