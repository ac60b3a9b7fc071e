"""The secrets of a card: from the environment, else from the keyboard, typed twice."""

import getpass
import os
import sys

from device.errors import UsageError


def ask_secret(what: str, variable: str) -> str:
    """A secret that is not shown.

    Args:
        what: it is, as the question says it.
        variable: of the environment, which is asked first.

    Raises:
        UsageError: it is empty, holds a line's end or another control character, or the two answers differ.
    """
    answer = os.environ.get(variable)
    if answer is None and sys.stdin.isatty():
        answer = getpass.getpass(f"{what}: ")
        if answer and getpass.getpass(f"{what}, again: ") != answer:
            raise UsageError(f"the two answers for the {what} differ", "start again; nothing was written")
    elif answer is None:
        answer = sys.stdin.readline().rstrip("\r\n")
    if not answer:
        raise UsageError(f"no {what} was given", f"type it when asked, or set {variable}")
    if not answer.isprintable():
        raise UsageError(f"the {what} has characters that no keyboard types", "choose another one")
    return answer
