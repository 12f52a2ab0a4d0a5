"""Runs the measurements: `python -m benchmarks [--only NAME] [--repeats N] [--quick]`."""

import argparse
import importlib
import signal
import sys
import tempfile
import time
from pathlib import Path

from benchmarks import report
from benchmarks.measuring import BenchmarkError
from benchmarks.workspace import Workspace

MEASUREMENTS = (
    "floor",
    "cold",
    "range_run",
    "plain_dagster",
    "changes",
    "warm",
    "plan",
    "scan",
    "check_bookkeeping",
    "merge_states",
    "detection",
)
RESULTS = Path(__file__).parent / "results"


def main() -> int:
    """Run what was asked for, one measurement after the other; returns the exit code."""
    options = _options()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))  # as Ctrl-C: what runs is ended too
    with tempfile.TemporaryDirectory(prefix="flow_assets_benchmarks_") as folder:
        workspace = Workspace(Path(folder), quick=options.quick)
        for name in options.only or MEASUREMENTS:
            start = time.perf_counter()
            _say(f"{name} ...")
            module = importlib.import_module(f"benchmarks.{name}")
            try:
                result = module.measure(workspace, options.repeats)
            except BenchmarkError as error:
                _say(f"{name} failed: {error}")
                return 1
            title = (module.__doc__ or "").strip().partition("\n\n")[0].replace("\n", " ")
            document = report.to_json(name, title, result, repeats=options.repeats, quick=options.quick)
            report.write(options.results, document)
            for figure in document["figures"]:
                _say(f"  {figure['what']}: {figure['median']:,} {figure['unit']}")
            for target in document["targets"]:
                met = "reached" if target["is_met"] else "NOT REACHED"
                _say(f"  {met}: {target['what']}: {target['value']:,} {target['unit']}, wanted {target['reach']}")
            _say(f"{name} took {time.perf_counter() - start:.0f} s")
    _say(f"The table: {options.results / 'README.md'}")
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks",
        description="Measure how fast it is beside a bare DuckDB script, plain Dagster, joblib and Hamilton.",
        epilog="Run it on a machine that does nothing else. Exit code 1: a program that is measured failed.",
    )
    parser.add_argument("--only", action="append", choices=MEASUREMENTS, help="only this one; may be repeated")
    parser.add_argument("--repeats", type=_positive, default=5, help="how often each is measured (default: 5)")
    parser.add_argument("--quick", action="store_true", help="on ten days instead of a year: to see that it works")
    parser.add_argument("--results", type=Path, default=RESULTS, help="folder for the JSON files and the table")
    return parser.parse_args()


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("must be at least 1")
    return number


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)  # noqa: T201


if __name__ == "__main__":
    sys.exit(main())
