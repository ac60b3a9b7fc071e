"""Who may import whom: read from the source, and proven in fresh processes."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
HEAVY = {"tensorflow", "keras", "jax", "picamera2", "pygame", "ai_edge_litert", "tflite_runtime", "amqtt", "matplotlib"}
PURE_PARTS = {"device.contract", "device.errors", "device.records", "device.classify.interpreter"}
ALLOWED = {
    "device": set(),
    "trainer": PURE_PARTS
    | {"device.detect"}
    | {f"device.overlay.{part}" for part in ("draw", "scene", "screen", "settings", "view")},
    "converters": PURE_PARTS,
}


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
