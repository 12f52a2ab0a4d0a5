"""Secrets: taken from the environment, and kept out of everything that is written or shown.

A secret that is taken is remembered by its text, as it is and as it stands in an address. From then on the logs of the
packages that send do not show it, and `hide` takes it out of what they say went wrong.
"""

import logging
import re
from collections.abc import Mapping
from urllib.parse import quote, unquote

_VARIABLE = re.compile(r"\$\{([^}]*)\}?")
_NAME = re.compile(r"([A-Za-z_][A-Za-z0-9_]*)(\|urlencode)?")
_PARTS = re.compile(r"[/?&=#:@,;+\s]+")
_SHORTEST = 4
_SHORTEST_PART = 8
_HIDDEN = "***"
_LOGGERS = (
    "apprise",
    "oauthlib",
    "requests",
    *(f"requests_oauthlib.{module}" for module in ("oauth1_auth", "oauth1_session", "oauth2_session")),
    *(f"urllib3.{module}" for module in ("connection", "connectionpool", "poolmanager", "response", "util.retry")),
)


class Hiding(logging.Filter):
    """Takes what it has been told out of every log line."""

    def __init__(self) -> None:
        super().__init__()
        self._secrets: frozenset[str] = frozenset()
        self._any: re.Pattern[str] | None = None

    def keep(self, secret: str) -> None:
        """Show `secret` nowhere from now on."""
        known = self._secrets | {text for text in (secret, unquote(secret)) if len(text) >= _SHORTEST}
        if known != self._secrets:
            self._secrets = known
            longest_first = sorted(known, key=len, reverse=True)
            self._any = re.compile("|".join("".join(map(_forms, text)) for text in longest_first))

    def filter(self, record: logging.LogRecord) -> bool:
        """Let every line pass, without what is kept."""
        record.msg, record.args = self.hide(record.getMessage()), ()
        record.exc_info = record.exc_text = None  # the text of an exception may quote an address
        return True

    def hide(self, text: str) -> str:
        """`text` without what is kept."""
        return self._any.sub(_HIDDEN, text) if self._any else text


def _forms(character: str) -> str:
    """A pattern for a character as it is, as an address has it, and as JSON does."""
    if character.isascii() and character.isalnum():
        return character
    encoded = "".join(f"%{byte:02x}" for byte in character.encode(errors="surrogatepass"))
    plus = r"|\+" if character == " " else ""
    return rf"(?:\\?{re.escape(character)}|(?i:{encoded}){plus})"


_HIDING = Hiding()


def expand(text: str, environment: Mapping[str, str]) -> str:
    """`text` with each `${NAME}` replaced by that variable's value, and `${NAME|urlencode}` by that value quoted.

    Raises:
        ValueError: a variable is not set, or a reference is not written like that; the message shows no value.
    """

    def value(found: re.Match[str]) -> str:
        named = _NAME.fullmatch(found[1])
        if not named or not found[0].endswith("}"):
            raise ValueError("a variable is written ${NAME}, or ${NAME|urlencode} within an address")
        if not (taken := environment.get(named[1], "")):
            raise ValueError(f"the environment has no {named[1]}; set it where Dagster and `flow` are started")
        keep(taken)
        return quote(taken, safe="") if named[2] else taken

    return _VARIABLE.sub(value, text)


def variables(text: str) -> list[str]:
    """The names of the variables that `text` refers to."""
    return [found[1].partition("|")[0] for found in _VARIABLE.finditer(text)]


def keep(secret: str) -> None:
    """Show `secret` nowhere from now on."""
    _HIDING.keep(secret)
    for name in _LOGGERS:
        logging.getLogger(name).addFilter(_HIDING)


def keep_address(address: str) -> None:
    """Show no part of `address` that may be a secret: whatever is long enough to be one, but for the word before `://`."""
    rest = address.partition("://")[2]
    for part in _PARTS.split(rest):
        if len(part) >= _SHORTEST_PART:
            keep(part)


def hide(text: str) -> str:
    """`text` without any secret that was taken."""
    return _HIDING.hide(text)
