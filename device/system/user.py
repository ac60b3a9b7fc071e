"""Who runs this process."""

import getpass
import os


def user_name() -> str:
    """The name of this process's user; the number of one who has no entry in the system's list, as in a container."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # the latter from Python 3.13 on
        return str(os.getuid())
