from pathlib import Path

import pytest

from tests.brokers import broker, listen, silent_broker

__all__ = ["broker", "listen", "silent_broker"]

FOLDER = Path(__file__).parents[2] / "build" / "monitoring"


@pytest.fixture(scope="session")
def modules() -> Path:
    """What `install.sh` has brought from npm; without it the test is skipped."""
    if not (FOLDER / ".installed").exists():
        pytest.skip("needs Node-RED and Grafana's types, 200 MB: make test-monitoring")
    return FOLDER / "node_modules"
