"""``python -m trainer``: the same as the command ``affectd-train``."""

import sys

from trainer.commands import main

sys.exit(main())
