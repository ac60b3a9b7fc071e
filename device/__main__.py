"""``python -m device``: the same as the command ``affectd``."""

import sys

from device.commands import main

sys.exit(main())
