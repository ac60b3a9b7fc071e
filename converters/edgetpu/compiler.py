"""Google's ``edgetpu_compiler``: run it, and read what it says it did.

It is a closed download for x86-64 (https://coral.ai/docs/edgetpu/compiler/); its output is shown there by example.
"""

import re
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

from device.errors import DataError, UnavailableError

COMMAND = "edgetpu_compiler"

_INSTALL = (
    "add the package source of https://coral.ai/docs/edgetpu/compiler/ to a Debian on x86-64 and "
    "apt install edgetpu-compiler; what is checked here without it stands above"
)
_MAPPED = "Mapped to Edge TPU"
_VERSION = re.compile(r"Edge TPU Compiler version (\S+)")
_SUBGRAPHS = re.compile(r"Number of Edge TPU subgraphs: (\d+)")
_ROW = re.compile(r"^(\S+)\s+(\d+)\s+(\S.*?)\s*$")
_MEMORY = re.compile(r"^(O\w+-chip memory .*?): (.+)$", re.MULTILINE)
_TIMEOUT_S = 600.0


@dataclass(frozen=True, slots=True)
class CompiledOperators:
    """Operators that fared alike; ``status`` is the compiler's own."""

    name: str
    count: int
    status: str

    @property
    def mapped(self) -> bool:
        """Whether they run on the accelerator."""
        return self.status == _MAPPED


@dataclass(frozen=True, slots=True)
class CompilerLog:
    """What the compiler said; ``subgraphs`` is None where it does not say."""

    version: str
    subgraphs: int | None
    operators: tuple[CompiledOperators, ...]
    memory: dict[str, str]

    @property
    def on_cpu(self) -> tuple[CompiledOperators, ...]:
        """What it left to the CPU."""
        return tuple(one for one in self.operators if not one.mapped)


def parse_log(text: str) -> CompilerLog:
    """Read the compiler's output, or its log file. Raises DataError when there is no table of operators in it."""
    version = _VERSION.search(text)
    subgraphs = _SUBGRAPHS.search(text)
    operators = []
    in_table = False
    for line in text.splitlines():
        if re.match(r"Operator\s+Count\s+Status", line):
            in_table = True
        elif in_table and (row := _ROW.match(line)):
            operators.append(CompiledOperators(row[1], int(row[2]), row[3]))
        elif in_table and line.strip():
            in_table = False
    if version is None or not operators:
        raise DataError(
            f"{COMMAND} did not say which operators it mapped: {_last_line(text)}", f"{COMMAND} -s shows its table"
        )
    count = None if subgraphs is None else int(subgraphs[1])
    return CompilerLog(version[1], count, tuple(operators), dict(_MEMORY.findall(text)))


def find_compiler() -> str:
    """The compiler's path. Raises UnavailableError, which says how to get it."""
    found = shutil.which(COMMAND)
    if found is None:
        raise UnavailableError(f"{COMMAND} is not installed", _INSTALL)
    return found


def run_compiler(compiler: str, flatbuffer: bytes) -> tuple[bytes, CompilerLog]:
    """Compile a bare flatbuffer: the compiled one, which holds no card any more, and the compiler's log.

    Raises:
        DataError: the compiler refuses it, fails, or takes too long.
    """
    with tempfile.TemporaryDirectory(prefix="affectd-") as name:
        folder = Path(name)
        source, made = folder / "network.tflite", folder / "network_edgetpu.tflite"
        source.write_bytes(flatbuffer)
        try:
            answer = subprocess.run(
                [compiler, "-s", "-o", name, str(source)],
                capture_output=True,
                text=True,
                errors="replace",
                timeout=_TIMEOUT_S,
                check=False,
                cwd=name,
            )
        except subprocess.TimeoutExpired as error:
            raise DataError(f"{COMMAND} takes longer than {_TIMEOUT_S:.0f} s", "use a smaller network") from error
        except OSError as error:
            raise UnavailableError(f"{compiler} does not start ({error.strerror})", _INSTALL) from error
        said = answer.stdout + answer.stderr
        if answer.returncode != 0 or not made.is_file():
            raise DataError(f"{COMMAND} failed with code {answer.returncode}: {_fault(said)}", "see the check above")
        log_file = folder / "network_edgetpu.log"
        log = parse_log(
            said + (log_file.read_text(errors="replace") if "Status" not in said and log_file.is_file() else "")
        )
        return made.read_bytes(), log


def _fault(said: str) -> str:
    """The line of the output that tells most."""
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    telling = [line for line in lines if re.search(r"(?i)error|failed|invalid|not quantized|abort", line)]
    return (telling or lines or ["it said nothing"])[0]


def _last_line(text: str) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[-1] if lines else "it said nothing"
