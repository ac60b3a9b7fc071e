"""``affectd-convert edgetpu``: a model file for a Coral accelerator."""

import argparse
from collections import Counter
from pathlib import Path
from typing import Any

from converters.commands.options import print_rows, say
from converters.edgetpu.compiler import CompilerLog, find_compiler, run_compiler
from converters.edgetpu.limits import Mapping, map_operators
from converters.graph import Graph, count_operators, read_graph
from device.contract import container
from device.contract.files import check_folder, write_atomically
from device.contract.model_card import ModelCard
from device.errors import EXIT_OK, DataError, GateError

_CUSTOM = "edgetpu-custom-op"


def register(verbs: Any) -> None:
    """Add this verb to the command line."""
    parser = verbs.add_parser(
        "edgetpu",
        help="check a model file against the Edge TPU's limits, and compile it",
        description="Check an int8 model file against the Edge TPU's documented limits. "
        "Run edgetpu_compiler, if it is installed, and put the card back, which the compiler "
        "drops. The exit code is 3 if an operator stays on the CPU, and 69 if the compiler is "
        "missing.",
    )
    parser.add_argument("model", type=Path, metavar="MODEL.tflite", help="a model file of affectd-convert tflite")
    parser.add_argument(
        "--out",
        type=Path,
        metavar="FILE",
        help="the file to write (default: beside the model, as MODEL_edgetpu.tflite)",
    )
    parser.add_argument("--allow-cpu", action="store_true", help="let operators stay on the CPU")
    parser.add_argument("--check", action="store_true", help="check only; do not compile")
    parser.set_defaults(run=_run)


def _run(options: argparse.Namespace) -> int:
    out: Path = options.out or options.model.with_name(f"{options.model.stem}_edgetpu.tflite")
    if not options.check:
        check_folder(out)
    model = container.read(options.model)
    graph = read_graph(model.flatbuffer)
    if any(operator.name == _CUSTOM for operator in graph.operators):
        raise DataError(f"{options.model} is compiled already", "name the file that it was made of")
    _check(map_operators(graph), graph, allow_cpu=options.allow_cpu)
    if options.check:
        return EXIT_OK
    compiled, log = run_compiler(find_compiler(), model.flatbuffer)
    _print_log(log)
    if log.on_cpu and not options.allow_cpu:
        left = ", ".join(f"{one.count} {one.name} ({one.status})" for one in log.on_cpu)
        raise GateError(
            f"the compiler leaves operators to the CPU: {left}", "nothing was written; --allow-cpu allows it"
        )
    container.check_identifier(compiled, "what the compiler made")
    write_atomically(out, container.attach(compiled, _card(model.model_card, compiled, log)))
    say(f"wrote {out}: {model.model_card.name} {model.model_card.version} for the Edge TPU")
    return EXIT_OK


def _check(mappings: list[Mapping], graph: Graph, *, allow_cpu: bool) -> None:
    left = [one for one in mappings if not one.mapped]
    say(f"checked against the documented limits: {len(mappings) - len(left)} of {len(mappings)} operators map")
    for (name, version, reason), count in Counter(
        (one.operator.name, one.operator.version, one.reason) for one in left
    ).items():
        say(f"  {count} {name} (version {version}) {reason}")
    if graph.subgraphs > 1:
        raise GateError(f"the file holds {graph.subgraphs} subgraphs, and one is compiled", "convert a plain network")
    if len(left) == len(mappings):
        raise GateError("no operator maps to the Edge TPU", "convert to int8: affectd-convert tflite")
    if left and not allow_cpu:
        raise GateError(
            f"{len(left)} of {len(mappings)} operators would stay on the CPU",
            "nothing was written; --allow-cpu allows it",
        )


def _print_log(log: CompilerLog) -> None:
    mapped = sum(one.count for one in log.operators if one.mapped)
    total = sum(one.count for one in log.operators)
    rows = [("edgetpu_compiler", f"version {log.version}, {mapped} of {total} operators mapped"), *log.memory.items()]
    if log.subgraphs is not None:
        rows.insert(1, ("partitions", str(log.subgraphs)))
    print_rows(rows)


def _card(card: ModelCard, compiled: bytes, log: CompilerLog) -> ModelCard:
    conversion = card.conversion.model_copy(
        update={
            "accelerator": "edgetpu",
            "versions": card.conversion.versions | {"edgetpu_compiler": log.version},
            "operators": count_operators(read_graph(compiled)),
        }
    )
    cost = card.cost.model_copy(update={"flatbuffer_bytes": len(compiled)})
    return card.model_copy(update={"conversion": conversion, "cost": cost})
