"""``python -m converters``: the same as ``affectd-convert``."""

import sys

from converters.commands import main

sys.exit(main())
