"""Files on other people's web servers: whether they have changed, and their bytes; every wait is bounded."""

import re
import threading
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import obstore
from obstore.exceptions import BaseError
from obstore.store import HTTPStore

from flow_assets.errors import StoreError

CONNECT_SECONDS, LOOK_SECONDS, READ_SECONDS = 5, 15, 300
_NO_TIME = datetime(1970, 1, 1, tzinfo=UTC)
_MISSING, _NO_HEAD = ("404", "410"), ("405", "501")
_CLOCK_SECONDS = 2
"""A time of change says seconds: what changed just now may change again without showing it."""


@dataclass(frozen=True)
class RemoteFile:
    """A file on a server.

    Attributes:
        identity: what changes when the file does, as far as the server says; None where it says nothing to go by.
        data: its bytes; None where it was only looked at.
    """

    identity: str | None
    data: bytes | None = None


class RemoteFiles:
    """Looks at and reads files by URL; a server that could not be reached is not tried again by the same object."""

    def __init__(self) -> None:
        self._stores: dict[tuple[str, int], HTTPStore] = {}
        self._unreachable: dict[str, str] = {}
        self._lock = threading.Lock()

    def look(self, url: str) -> RemoteFile | None:
        """Ask the server what it knows of a file; None if there is none.

        Raises:
            StoreError: the server cannot be reached, or refuses.
        """
        found = self._ask(_head, url, LOOK_SECONDS)
        return None if found is None else RemoteFile(_identity(found) if found else None)

    def read(self, url: str) -> RemoteFile | None:
        """Fetch a file; None if there is none.

        Raises:
            StoreError: the server cannot be reached, or refuses, or broke off.
        """
        found = self._ask(_get, url, READ_SECONDS)
        return None if found is None else RemoteFile(_identity(found[0]), found[1])

    def _ask(self, ask: Any, url: str, seconds: int) -> Any:
        scheme, _, host, path = url.split("/", 3)  # a path may hold a # or a ?, which a server is sent quoted
        server = f"{scheme}//{host}"
        if server in self._unreachable:
            raise StoreError(self._unreachable[server])
        start = time.monotonic()
        try:
            return ask(self._store(server, seconds), path)
        except (BaseError, OSError, ValueError) as error:
            text = str(error)
            if _status(text) in _MISSING:
                return None
            problem = _problem(text)
            if "error sending request" in text or time.monotonic() - start > seconds:
                self._unreachable[server] = problem
            raise StoreError(problem) from error

    def _store(self, server: str, seconds: int) -> HTTPStore:
        with self._lock:
            if (server, seconds) not in self._stores:
                self._stores[server, seconds] = HTTPStore.from_url(
                    server,
                    client_options={
                        "allow_http": True,
                        "connect_timeout": timedelta(seconds=CONNECT_SECONDS),
                        "timeout": timedelta(seconds=seconds),
                    },
                    retry_config={"max_retries": 1, "retry_timeout": timedelta(seconds=2 * seconds)},
                )
            return self._stores[server, seconds]


def _head(store: HTTPStore, path: str) -> Any:
    """What the server says of a file; an empty answer where it can only be asked for the file itself."""
    try:
        return obstore.head(store, path)
    except (BaseError, OSError) as error:
        if _status(str(error)) in _NO_HEAD:
            return {}
        raise


def _get(store: HTTPStore, path: str) -> tuple[Any, bytes]:
    response = obstore.get(store, path)
    return response.meta, bytes(response.bytes())


def _identity(meta: Any) -> str | None:
    changed, tag = meta["last_modified"], meta["e_tag"]
    is_certain = changed != _NO_TIME and (datetime.now(UTC) - changed).total_seconds() > _CLOCK_SECONDS
    return f"{tag} {changed.isoformat()} {meta['size']}" if tag or is_certain else None


def _problem(text: str) -> str:
    line = text.partition("\n")[0]
    if "Content-Length" in line:
        return "the server does not say how long the file is (Content-Length)"
    if status := _status(line):
        return f"the server answered {status}"
    if "parse path" in line:
        return f"the address cannot be asked for: {line}"
    return "the server cannot be reached, or answers too slowly; what was published stays, and it is tried again"


def _status(text: str) -> str | None:
    """The status that a server refused with."""
    found = re.search(r"status code: (\d+)", text)
    return found[1] if found else None
