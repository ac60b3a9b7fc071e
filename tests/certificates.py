"""An authority, and certificates that it signs, for brokers and devices of a test."""

import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

_CURVE = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")


@dataclass(frozen=True)
class Certificate:
    """Paths of PEM files."""

    certificate: Path
    key: Path


class Authority:
    """Signs certificates; without openssl the test is skipped."""

    def __init__(self, folder: Path, name: str = "authority") -> None:
        if shutil.which("openssl") is None:
            pytest.skip("needs certificates: apt-get install openssl")
        self._folder = folder
        self._name = name
        self.certificate = folder / f"{name}.pem"
        self._key = folder / f"{name}.key"
        files = ("-keyout", self._key, "-out", self.certificate)
        _openssl("req", "-x509", *_CURVE, "-subj", f"/CN={name}", "-days", "1", *files)

    def sign(self, name: str, subject: str = "IP:127.0.0.1", *, days: int = 1) -> Certificate:
        """A certificate for ``subject``, as subjectAltName has it; with no days to live it has expired."""
        signed = Certificate(self._folder / f"{name}.pem", self._folder / f"{name}.key")
        request, extensions = self._folder / f"{name}.csr", self._folder / f"{name}.ext"
        extensions.write_text(f"subjectAltName={subject}\n")
        _openssl("req", *_CURVE, "-subj", f"/CN={name}", "-keyout", signed.key, "-out", request)
        by = ("-CA", self.certificate, "-CAkey", self._key, "-CAcreateserial", "-extfile", extensions)
        _openssl("x509", "-req", "-in", request, *by, "-days", str(days), "-out", signed.certificate)
        return signed


def _openssl(*arguments: str | Path) -> None:
    subprocess.run(["openssl", *map(str, arguments)], check=True, capture_output=True)
