"""What a store in a local folder holds; obstore lists the same in twice the time."""

import os
from collections.abc import Iterator
from pathlib import Path

HEXADECIMAL = "0123456789abcdef"


def entries(folder: Path) -> Iterator[os.DirEntry[str]]:
    """What lies directly in `folder`; nothing where there is no such folder."""
    try:
        with os.scandir(folder) as found:
            yield from found
    except (FileNotFoundError, NotADirectoryError):
        return


def references(folder: Path, suffix: str, length: int) -> Iterator[str]:
    """`name size tag` of the files in `folder` named by `length` hexadecimal digits and `suffix`; see `Blob.reference`.

    A file that vanishes meanwhile is left out.
    """
    for entry in entries(folder):
        name = entry.name[:length]
        if entry.name[length:] == suffix and len(name) == length and not name.strip(HEXADECIMAL):
            try:
                status = entry.stat()
            except FileNotFoundError:
                continue
            yield f"{name} {status.st_size} {e_tag(status)}"


def e_tag(status: os.stat_result) -> str:
    """The tag that obstore's local store gives a file, which changes with its bytes."""
    return f'"{status.st_ino:x}-{status.st_mtime_ns // 1000:x}-{status.st_size:x}"'
