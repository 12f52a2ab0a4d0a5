"""Files on servers: looked at not too often, fetched at most once for each content, and within bounded time."""

import hashlib
import os
import threading
import time
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from flow_assets.errors import StoreError
from flow_assets.lake import RemoteFiles
from flow_assets.memo.landed_file import LandedFile

ASKED_AT_ONCE = 16
"""Files that a server is asked for at the same time."""
OBSERVE_SECONDS = 900
"""What has not been asked for by then is left to the next plan."""
KEPT_SECONDS = 3600
"""So long a fetched file waits to be read; later it is fetched again."""


@dataclass
class Looks:
    """What servers said of files, and when: within `seconds`, one process does not ask again."""

    seconds: float
    _said: dict[str, tuple[float, LandedFile]] = field(default_factory=dict)

    def recent(self, places: Iterable[str]) -> dict[str, LandedFile]:
        """What was said of those of `places` that were asked for just now."""
        now = time.monotonic()
        said = {place: self._said[place] for place in places if place in self._said}
        return {place: file for place, (at, file) in said.items() if now - at < self.seconds}

    def note(self, files: Iterable[LandedFile]) -> None:
        """Take note of what was said."""
        now = time.monotonic()
        self._said.update({file.place: (now, file) for file in files})

    def forget(self, place: str) -> None:
        """Ask again, whatever was said."""
        self._said.pop(place, None)


class RemoteLanding:
    """The files on servers as one planner sees them.

    Args:
        looks: what this process knows already.
        fetched: folder in which a file is kept between its hashing and its reading; without it, it is fetched again.
    """

    def __init__(self, looks: Looks, fetched: Path | None) -> None:
        self._looks = looks
        self._fetched = fetched
        self._files = RemoteFiles()

    def observe(
        self, places: Iterable[str], remembered: Mapping[str, tuple[str, str]], found: dict[str, tuple[str, str]]
    ) -> dict[str, LandedFile]:
        """URL to the state of its file; identities and hashes of those that were asked for are added to `found`."""
        places = list(places)
        files = self._looks.recent(places)
        asked = [place for place in dict.fromkeys(places) if place not in files]
        end_at = time.monotonic() + OBSERVE_SECONDS
        self._clear_fetched()

        def look(place: str) -> LandedFile:
            if time.monotonic() > end_at:
                return LandedFile(place, None, problem="there was no time left to ask for it, and it is tried again")
            try:
                return self._look(place, remembered.get(place, ("", "")), found)
            except StoreError as error:
                return LandedFile(place, None, problem=str(error))

        with ThreadPoolExecutor(ASKED_AT_ONCE) as pool:
            seen = list(pool.map(look, asked))
        self._looks.note(seen)
        return files | {file.place: file for file in seen}

    def read(self, url: str, expected: str | None) -> bytes | None:
        """The bytes of a file as they are now, or as they were fetched for the hash `expected`; None if it is gone.

        Raises:
            StoreError: its server cannot be reached.
        """
        if data := self._take_fetched(expected):
            return data
        self._looks.forget(url)
        try:
            file = self._files.read(url)
        except StoreError as error:
            raise StoreError(f"{url} cannot be read: {error}") from error
        return file.data if file else None

    def _look(self, place: str, known: tuple[str, str], found: dict[str, tuple[str, str]]) -> LandedFile:
        file = self._files.look(place)
        if file and file.identity and known[0] == file.identity:
            return LandedFile(place, known[1])
        file = self._files.read(place) if file else None
        if file is None or file.data is None:
            return LandedFile(place, None, is_missing=True)
        digest = hashlib.sha256(file.data).hexdigest()
        if digest != known[1]:
            self._keep_fetched(digest, file.data)
        found[place] = (file.identity or "", digest)
        return LandedFile(place, digest)

    def _keep_fetched(self, digest: str, data: bytes) -> None:
        if self._fetched:
            self._fetched.mkdir(parents=True, exist_ok=True)
            partial = self._fetched / f".{digest}.{os.getpid()}.{threading.get_ident()}"
            partial.write_bytes(data)
            partial.replace(self._fetched / digest)

    def _take_fetched(self, digest: str | None) -> bytes | None:
        if self._fetched is None or digest is None:
            return None
        path = self._fetched / digest
        try:
            data = path.read_bytes()
        except FileNotFoundError:
            return None
        path.unlink(missing_ok=True)
        return data if hashlib.sha256(data).hexdigest() == digest else None

    def _clear_fetched(self) -> None:
        """Remove what nobody read; whoever wants it after all fetches it again."""
        oldest = time.time() - KEPT_SECONDS
        for path in self._fetched.iterdir() if self._fetched and self._fetched.is_dir() else ():
            try:
                if path.stat().st_mtime < oldest:
                    path.unlink()
            except FileNotFoundError:  # another process was quicker
                pass
