from pathlib import Path

import pytest

from converters.edgetpu.compiler import CompiledOperators, parse_log
from device.errors import DataError

LOGS = Path(__file__).parents[1] / "logs"
"""In the form that Coral's documentation and users' reports show; none was made here."""


def _log(name):
    return parse_log((LOGS / f"{name}.txt").read_text(encoding="utf-8"))


def test_a_log_of_a_whole_mapping_leaves_nothing_to_the_cpu():
    log = _log("all_mapped")
    assert log.version == "16.0.384591198"
    assert log.subgraphs == 1
    assert sum(one.count for one in log.operators) == 23
    assert log.on_cpu == ()
    assert log.memory["Off-chip memory used for streaming uncached model parameters"] == "0.00B"


def test_what_stays_on_the_cpu_is_reported_with_the_compilers_reason():
    log = _log("some_on_cpu")
    assert log.on_cpu == (
        CompiledOperators("CONV_2D", 2, "More than one subgraph is not supported"),
        CompiledOperators("RESIZE_NEAREST_NEIGHBOR", 1, "Operation version not supported"),
        CompiledOperators(
            "QUANTIZE", 1, "Operation is otherwise supported, but not mapped due to some unspecified limitation"
        ),
    )
    assert sum(one.count for one in log.operators if one.mapped) == 15


def test_the_log_file_alone_is_read_as_well():
    text = "Edge TPU Compiler version 16.0.384591198\nInput: a.tflite\nOutput: a_edgetpu.tflite\n\n"
    text += "Operator       Count      Status\n\nADD            42         Mapped to Edge TPU\n"
    log = parse_log(text)
    assert (log.subgraphs, log.operators) == (None, (CompiledOperators("ADD", 42, "Mapped to Edge TPU"),))


@pytest.mark.parametrize("text", ["", "Edge TPU Compiler version 16.0\nnothing more", "Operator Count Status\nADD 1 x"])
def test_output_without_a_table_or_a_version_is_no_log(text):
    with pytest.raises(DataError, match="did not say which operators it mapped"):
        parse_log(text)


@pytest.mark.parametrize(("name", "last"), [("aborted", "Internal compiler error"), ("too_large", "failed")])
def test_a_log_of_a_failure_is_no_success(name, last):
    with pytest.raises(DataError, match=last):
        _log(name)
