r"""What is done to text before it leaves the process: secrets are masked, and nothing in it can steer a terminal.

Text leaves through the log, systemd's status, MQTT and the terminal; each of them calls ``redact``. A secret is known
in two ways. By its place: what stands where a URL has its user and password, or behind ``password=`` and the like. And
by itself: whatever ``learn_secret`` and ``learn_secrets_in`` were given is masked wherever it turns up.

Every quantifier of the patterns is bounded, so that a long text from the network costs no more than its length.
"""

import json
import re
from urllib.parse import quote, quote_plus, unquote

MASK = "***"

_SHORTEST = 3
"""A shorter secret hides nothing, and would tear holes into every sentence."""
_SHORTEST_NUMBER = 6
"""Shorter numbers are ports, times and counts as well; where a URL has its password they are masked all the same."""
_FREE_STANDING = 6
"""A shorter secret counts only where no letter or digit stands beside it."""

_KEYS_OF_SECRETS = (
    r"pass(?:word|wd|phrase|code)?|pwd|psw|pw|token|secret|api[_-]?key|key|auth|sig(?:nature)?|credentials?"
)
# Two backslashes are one that JSON has escaped; one with a quote behind it belongs to the JSON, or the repr, that the
# text stands in.
_VALUE = r"(?:[^&;\s\"'<>)\\]|\\\\|\\(?![\"'\\])){1,512}"
# KEY=VALUE is what help and errors say of an option's form.
_SECRET_PARAMETER = re.compile(rf"(?i)(?<![a-z0-9])([a-z0-9_.-]{{0,24}}(?:{_KEYS_OF_SECRETS})=)(?!VALUE\b)({_VALUE})")
_USER_PARAMETER = re.compile(rf"(?i)(?<![a-z0-9])((?:user(?:name)?|usr|login|account)=){_VALUE}")
# Greedy, so that a password with an unencoded @ goes as a whole; one slash is a usual slip.
_USERINFO = re.compile(r"(?i)(?<![a-z0-9+.-])([a-z][a-z0-9+.-]{0,15}:/{1,3})[^\s\"'<>]{1,512}@")
_USERINFO_WITHOUT_SCHEME = re.compile(
    r"(?<![^\s\"'(\[{<=,])(//)?[^\s\"'<>/@:=]{1,64}:(?!/)[^\s\"'<>]{1,512}@(?=[\w\[])"
)
_BEGINNING_OF_URL = re.compile(r"(?i)\s*(?:[a-z][a-z0-9+.-]*:/{1,3}|//)?")

_known: frozenset[str] = frozenset()
_known_pattern: re.Pattern[str] | None = None


def redact(text: str) -> str:
    """``text``, fit to leave the process: one printable line without secrets."""
    return printable(mask_secrets(text))


def printable(text: str) -> str:
    r"""``text`` with everything that is not shown as a character written as JSON escapes it, ``\u001b`` say.

    That is so of control characters (C0 and C1, line ends too), of what turns the direction of writing, of invisible
    characters, and of lone surrogates, which stand for the bytes of a file name that is not UTF-8.
    """
    if text.isprintable():
        return text
    return "".join(character if character.isprintable() else json.dumps(character)[1:-1] for character in text)


def mask_secrets(text: str) -> str:
    """``text`` without the secrets that are known, and without what stands where secrets stand."""
    if _known_pattern:
        text = _known_pattern.sub(MASK, text)
    if "@" in text:
        text = _USERINFO.sub(rf"\1{MASK}@", text)
        text = _USERINFO_WITHOUT_SCHEME.sub(rf"\1{MASK}@", text)
    if "=" in text:
        text = _SECRET_PARAMETER.sub(rf"\1{MASK}", text)
        text = _USER_PARAMETER.sub(rf"\1{MASK}", text)
    return text


def learn_secret(secret: str) -> None:
    """Mask ``secret`` from now on, also as URLs, JSON and Python's ``repr`` write it."""
    global _known, _known_pattern  # noqa: PLW0603 secrets are the process's, as its streams are
    forms = {secret, unquote(secret)}
    forms |= {write(form) for form in list(forms) for write in (quote, _quote_all, quote_plus, _repr, _json)}
    forms = {form for form in forms if len(form) >= (_SHORTEST_NUMBER if form.isdigit() else _SHORTEST)}
    if forms <= _known:
        return
    _known |= forms
    # The longest first: one may be the beginning of another.
    _known_pattern = re.compile("|".join(_literally(form) for form in sorted(_known, key=len, reverse=True)))


def learn_secrets_in(text: str) -> None:
    """Mask from now on what in ``text`` is a password: in a URL, sound or not, or in its parameters."""
    for secret in secrets_in(text):
        learn_secret(secret)


def secrets_in(text: str) -> set[str]:
    """The passwords in ``text``, which may be a URL, one with its usual slips, or anything else."""
    found = {match[2] for match in _SECRET_PARAMETER.finditer(text)}
    before, at, _ = text.rpartition("@")
    if at:
        userinfo = _BEGINNING_OF_URL.sub("", before, count=1)
        _, colon, password = userinfo.partition(":")
        if colon:
            found |= {password, password.rpartition(":")[2]}
        elif userinfo != before and "/" not in userinfo:
            found.add(userinfo)  # an access token
    return found - {""}


def _literally(form: str) -> str:
    escaped = re.escape(form)
    return escaped if len(form) >= _FREE_STANDING else rf"(?<![^\W_]){escaped}(?![^\W_])"


def _quote_all(text: str) -> str:
    return quote(text, safe="")


def _repr(text: str) -> str:
    return repr(text)[1:-1]


def _json(text: str) -> str:
    return json.dumps(text)[1:-1]
