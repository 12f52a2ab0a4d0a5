"""Results on disk: a JSON file a measurement, and one table made from all of them."""

import json
import os
import platform
import tempfile
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import psutil

from benchmarks.measuring import Result

PACKAGES = ("dagster", "duckdb", "pyarrow", "pandas", "pandera", "sqlalchemy", "joblib", "apache-hamilton")

_OURS = {
    "everything, cold": ("cold", "cold `flow run`"),
    "nothing to do": ("changes", "nothing to do"),
    "one day changed": ("changes", "one day changed"),
    "a helper's code changed": ("changes", "a helper's code changed"),
}
_FLOOR = {"cold": "bare DuckDB script", "changes": "bare DuckDB script, whole"}
_PLAIN, _PLAIN_DAY = "plain Dagster, the year", "plain Dagster, a day"

_TOO_SMALL = "`--quick`: too small to judge by"

_HEAD = """# Results

Made by `make bench`; [docs/benchmarks.md](../../docs/benchmarks.md) says what is measured and how to read it. Each
figure is a median; the JSON files beside this one hold every sample.
"""


def machine() -> dict[str, Any]:
    """What was measured on; no names."""
    return {
        "cpu": _cpu_model(),
        "cores": os.cpu_count(),
        "memory_gib": round(psutil.virtual_memory().total / 2**30, 1),
        "os": f"{platform.system()} {platform.release()} {platform.machine()}",
        "python": platform.python_version(),
        "packages": {name: number for name in PACKAGES if (number := _version(name))},
    }


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:  # only one measurement needs joblib and Hamilton
        return None


def _cpu_model() -> str:
    info = Path("/proc/cpuinfo")
    if info.exists():
        for line in info.read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or "unknown"


def to_json(name: str, title: str, result: Result, *, repeats: int, quick: bool) -> dict[str, Any]:
    """A result as it is stored."""
    return {
        "name": name,
        "title": title,
        "repeats": repeats,
        "quick": quick,
        "figures": [
            {
                "what": f.what,
                "unit": f.unit,
                "median": _rounded(f.value),
                "samples": [_rounded(sample) for sample in f.samples],
                "note": f.note,
            }
            for f in result.figures
        ],
        "targets": [
            {
                "what": t.what,
                "value": _rounded(t.value),
                "unit": t.unit,
                "reach": f"{t.side} {t.bound:g}",
                "is_met": t.is_met,
            }
            for t in result.targets
        ],
        "machine": machine(),
    }


def write(folder: Path, document: dict[str, Any]) -> None:
    """Store one result and make the table again."""
    folder.mkdir(parents=True, exist_ok=True)
    _replace(folder / f"{document['name']}.json", json.dumps(document, indent=2) + "\n")
    documents = [json.loads(path.read_text()) for path in sorted(folder.glob("*.json"))]
    _replace(folder / "README.md", "\n".join(_table(documents)) + "\n")


def _table(documents: list[dict[str, Any]]) -> Iterator[str]:
    yield _HEAD
    yield "| what it must show | measured | reach | |\n|---|---|---|---|"
    for document in documents:
        for t in document["targets"]:
            unit = f" {t['unit']}" if t["unit"] else ""
            met = _TOO_SMALL if document["quick"] else "reached" if t["is_met"] else "**not reached**"
            yield f"| {t['what']} | {t['value']:,}{unit} | {t['reach']}{unit} | {met} |"
    yield from _side_by_side({(d["name"], f["what"]): f["median"] for d in documents for f in d["figures"]})
    for document in documents:
        quick = f", {_TOO_SMALL}" if document["quick"] else ""
        yield f"\n## {document['name']}\n\n{document['title']} (repeats: {document['repeats']}{quick})\n"
        yield "| what | median | lowest | highest | |\n|---|---:|---:|---:|---|"
        for f in document["figures"]:
            median, low, high = (f"{x:,}" for x in (f["median"], min(f["samples"]), max(f["samples"])))
            yield f"| {f['what']} | {median} {f['unit']} | {low} | {high} | {f['note']} |"
    yield "\n## Machines\n"
    described: dict[str, list[str]] = {}
    for document in documents:
        described.setdefault(_machine_text(document["machine"]), []).append(document["name"])
    for text, names in described.items():
        yield f"- {', '.join(names)}: {text}"


def _side_by_side(medians: dict[tuple[str, str], float]) -> Iterator[str]:
    """Whole processes: ours, and the two that know no change and have to be run whole."""
    yield "\n## Whole processes, and their peak memory\n"
    yield "| | `flow run` | bare DuckDB script | plain Dagster, the year |\n|---|---:|---:|---:|"
    for what, ours in _OURS.items():
        floor = (ours[0], _FLOOR[ours[0]])
        cells = (_seconds_and_memory(medians, *found) for found in (ours, floor, ("plain_dagster", _PLAIN)))
        yield f"| {what} | {' | '.join(cells)} |"


def _seconds_and_memory(medians: dict[tuple[str, str], float], name: str, what: str) -> str:
    seconds = medians.get((name, what))
    peak = medians.get((name, f"{_PLAIN_DAY if what == _PLAIN else what}: peak memory"))
    return "not measured" if seconds is None or peak is None else f"{seconds:,} s, {peak:,} MiB"


def _machine_text(found: dict[str, Any]) -> str:
    packages = ", ".join(f"{name} {number}" for name, number in found["packages"].items())
    return (
        f"{found['cores']} cores of {found['cpu']}, {found['memory_gib']} GiB, {found['os']}, "
        f"Python {found['python']}; {packages}"
    )


def _rounded(value: float) -> float:
    """Four significant digits; of a whole number, all."""
    rounded = value if value == int(value) else float(f"{value:.4g}")
    return int(rounded) if rounded == int(rounded) else rounded


def _replace(path: Path, text: str) -> None:
    """Write beside, then rename: nobody finds half a file."""
    with tempfile.NamedTemporaryFile("w", dir=path.parent, prefix=f".{path.name}.", delete=False) as file:
        file.write(text)
    Path(file.name).chmod(0o644)
    Path(file.name).replace(path)
