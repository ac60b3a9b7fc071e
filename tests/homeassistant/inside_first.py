"""A plugin of pytest inside Home Assistant's own environment, loaded before its fixtures.

The fixtures can be those of a version before Home Assistant's, as `install.sh` says: it is made ready for them.
"""

# From 2026.11 on it replaces httpx, which the fixtures import before it.
import homeassistant.const  # noqa: F401
from pytest_homeassistant_custom_component import patch_json, patch_recorder, patch_time  # noqa: F401 - these first

# isort: split
from homeassistant.components import logger
from homeassistant.components.logger import helpers

# 2026.11 has it under this name in helpers alone.
if not hasattr(logger, "_clear_logger_overwrites"):
    logger._clear_logger_overwrites = helpers._clear_logger_overwrites
