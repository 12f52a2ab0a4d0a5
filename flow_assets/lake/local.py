"""What a store in a local folder holds; obstore lists the same in twice the time."""

import os
from collections.abc import Iterator
from pathlib import Path


def entries(folder: Path) -> Iterator[os.DirEntry[str]]:
    """What lies directly in `folder`; nothing where there is no such folder."""
    try:
        with os.scandir(folder) as found:
            yield from found
    except (FileNotFoundError, NotADirectoryError):
        return


def e_tag(status: os.stat_result) -> str:
    """The tag that obstore's local store gives a file, which changes with its bytes."""
    return f'"{status.st_ino:x}-{status.st_mtime_ns // 1000:x}-{status.st_size:x}"'
