import os

import pytest

from trainer.framework import quick_precision, use_quick_kernels

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
