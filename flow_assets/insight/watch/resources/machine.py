"""What the machine has: memory that may be used, and disks with what is free on them."""

from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from shutil import disk_usage

import psutil

from flow_assets.settings import Settings

_CGROUP = Path("sys/fs/cgroup")


@dataclass(frozen=True)
class Disk:
    """A disk and what of ours lies on it.

    Attributes:
        holds: `store`, `ledger`, or both.
        path: a folder on it.
    """

    holds: tuple[str, ...]
    path: Path
    total_bytes: int
    free_bytes: int

    @property
    def free_share(self) -> float:
        """How much of it is free, 0 to 1."""
        return self.free_bytes / self.total_bytes if self.total_bytes else 1.0


@dataclass(frozen=True)
class Machine:
    """What this process may use.

    Attributes:
        memory_bytes: the least of its memory and of the limits of its control groups.
    """

    memory_bytes: int
    disks: tuple[Disk, ...] = field(default=())


def look_at_machine(settings: Settings) -> Machine:
    """The machine as it is now; nothing of a store or a ledger that is not there yet."""
    return Machine(memory_limit_bytes(), find_disks({"store": settings.store, "ledger": settings.ledger}))


def find_disks(places: dict[str, Path]) -> tuple[Disk, ...]:
    """The disks on which `places` lie, each once."""
    held: dict[int, list[str]] = {}
    for name, path in places.items():
        with suppress(FileNotFoundError):
            held.setdefault(path.stat().st_dev, []).append(name)
    return tuple(_disk(names, places[names[0]]) for names in held.values())


def memory_limit_bytes(root: Path = Path("/")) -> int:
    """Bytes of memory that this process may use: the machine's, or less if a control group says so.

    Args:
        root: where the file systems `/proc` and `/sys` are found.
    """
    limits = [_number(path) for path in _limit_files(root)]
    return min([psutil.virtual_memory().total, *(limit for limit in limits if limit is not None)])


def _disk(names: list[str], path: Path) -> Disk:
    folder = path if path.is_dir() else path.parent
    usage = disk_usage(folder)
    return Disk(tuple(names), folder, usage.total, usage.free)


def _limit_files(root: Path) -> list[Path]:
    """Where limits of this process's groups may be written: of version 2 in each group above, of version 1 in one."""
    groups = root / _CGROUP
    files = [groups / "memory.max", groups / "memory" / "memory.limit_in_bytes"]
    with suppress(OSError):
        for line in (root / "proc" / "self" / "cgroup").read_text().splitlines():
            _, controllers, name = line.split(":", 2)
            if controllers == "":
                below = Path(name.lstrip("/"))
                files += [groups / folder / "memory.max" for folder in (below, *below.parents)]
            elif "memory" in controllers.split(","):
                files.append(groups / "memory" / name.lstrip("/") / "memory.limit_in_bytes")
    return files


def _number(path: Path) -> int | None:
    """What a file says; None if it is not there or says `max`."""
    try:
        return int(path.read_text())
    except (OSError, ValueError):
        return None
