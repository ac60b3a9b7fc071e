"""Who may import whom: read from the source, and proven in fresh processes."""

import ast
import subprocess
import sys
from collections.abc import Set as AbstractSet
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
HEAVY = {
    "tensorflow",
    "keras",
    "jax",
    "picamera2",
    "pygame",
    "ai_edge_litert",
    "tflite_runtime",
    "amqtt",
    "matplotlib",
    "microdot",
}
PURE_PARTS = {
    f"device.{part}" for part in ("classify.interpreter", "cli", "contract", "errors", "records", "redact", "yaml_text")
}
ALLOWED = {
    "device": set(),
    "trainer": PURE_PARTS
    | {"device.detect"}
    | {f"device.overlay.{part}" for part in ("display_options", "draw", "scene", "screen", "settings")},
    "converters": PURE_PARTS,
}

GROUND = {"cli", "contract", "device", "errors", "interfaces", "records", "redact", "section", "system", "yaml_text"}
"""The ground that every part of the device stands on (`device` itself says the version). It knows no stage."""

JOINERS = {"__main__", "app", "commands", "config", "daemon", "demo", "pipeline", "preflight", "tools"}
"""What joins stages: the loop, the settings of all of them, what people run by hand. Every other part is a stage."""

STAGE_NEEDS_STAGE = {
    (
        "detect",
        "classify",
    ): "how clearly the network that ships reads a place is evidence of a face; `classify` knows no detector",
    ("mqtt", "spool"): "the publisher sends what the spool keeps; the spool knows no broker, so the arrow has one way",
    ("mqtt", "summary"): "the publisher says what the summary counts; the summary knows no broker",
    ("capture.sources", "demo"): "`source.uri: demo` is the bundled clip; `demo` gives the path of a file",
}
"""Each arrow from a stage to what is not the ground, and why it is there."""


def _python_files(package: str) -> list[Path]:
    return sorted((ROOT / package).rglob("*.py"))


def _imports(path: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module)
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def _is_within(module: str, packages: set[str]) -> bool:
    return any(module == package or module.startswith(package + ".") for package in packages)


def _module_name(path: Path) -> str:
    name = ".".join(path.relative_to(ROOT).with_suffix("").parts)
    return name.removesuffix(".__init__")


@cache
def _module_graph() -> dict[str, set[str]]:
    """Each module of the three packages and those that it imports, wherever in its file it does."""
    paths = {_module_name(path): path for package in ALLOWED for path in _python_files(package)}
    return {name: _imported_modules(path, paths.keys()) - {name} for name, path in paths.items()}


def _imported_modules(path: Path, known: AbstractSet[str]) -> set[str]:
    """Without a package that is named only on the way to a module in it."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names = (f"{node.module}.{alias.name}" for alias in node.names)
            found |= {name if name in known else node.module for name in names}
    return found & known


def _device_arrows() -> list[tuple[str, str]]:
    """From which module of the device to which, without ``device.``."""
    return [
        (module.removeprefix("device."), imported.removeprefix("device."))
        for module, all_imported in _module_graph().items()
        for imported in all_imported
        if module.startswith("device.")
    ]


def _part(module: str) -> str:
    return module.partition(".")[0]


def _is_listed(module: str, imported: str) -> bool:
    return any(_is_within(module, {source}) and _is_within(imported, {to}) for source, to in STAGE_NEEDS_STAGE)


def test_a_stage_stands_on_the_ground_and_knows_no_stage_beside_it():
    for module, imported in _device_arrows():
        is_stage = _part(module) not in GROUND | JOINERS
        at_home = _part(imported) in GROUND | {_part(module)}
        assert not is_stage or at_home or _is_listed(module, imported), f"device.{module} imports device.{imported}"


@pytest.mark.parametrize(("source", "to"), STAGE_NEEDS_STAGE)
def test_every_exception_that_is_listed_is_still_needed(source, to):
    assert any(_is_within(module, {source}) and _is_within(imported, {to}) for module, imported in _device_arrows())


def test_the_ground_knows_no_stage_and_nothing_that_joins_them():
    for module, imported in _device_arrows():
        assert _part(module) not in GROUND or _part(imported) in GROUND, f"device.{module} imports device.{imported}"


def test_no_module_imports_one_that_imports_it_however_far_the_way():
    try:
        TopologicalSorter(_module_graph()).prepare()
    except CycleError as error:
        pytest.fail(" imports ".join(reversed(error.args[1])))


@pytest.mark.parametrize("package", ["device", "trainer", "converters"])
def test_a_package_imports_of_the_others_only_what_the_design_allows(package):
    others = {"device", "trainer", "converters"} - {package}
    for path in _python_files(package):
        for module in _imports(path):
            parents = {allowed.rpartition(".")[0] for allowed in ALLOWED[package]}
            crossing = _is_within(module, others) and module not in parents
            assert not crossing or _is_within(module, ALLOWED[package]), f"{path} imports {module}"


def test_nothing_on_the_device_names_a_training_framework():
    for path in _python_files("device"):
        named = {module.partition(".")[0] for module in _imports(path)} & {"tensorflow", "keras", "jax", "torch"}
        assert not named, f"{path} imports {named}"


def test_trainer_names_no_backend_of_keras_but_in_the_module_that_adapts_one():
    adapter = ROOT / "trainer" / "normalisation.py"
    for path in _python_files("trainer"):
        if path == adapter:
            continue
        named = {module.partition(".")[0] for module in _imports(path)} & {"tensorflow", "jax", "torch"}
        assert not named, f"{path} imports {named}"


@pytest.mark.parametrize(
    "module", ["device.app", "device.commands", "device.config", "trainer.commands", "converters.commands"]
)
def test_importing_loads_no_heavy_or_hardware_package(module):
    code = f"import sys, {module}; print(*sorted({{name.partition('.')[0] for name in sys.modules}}))"
    answer = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    loaded = set(answer.stdout.split())
    assert module.partition(".")[0] in loaded
    assert not loaded & HEAVY


def test_the_device_runs_without_the_trainer_and_the_converters():
    code = "import sys, device.app; print(*sys.modules)"
    answer = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert not {name.partition(".")[0] for name in answer.stdout.split()} & {"trainer", "converters"}
