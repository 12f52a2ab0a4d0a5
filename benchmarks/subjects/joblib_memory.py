"""One pass over the chain with joblib.Memory: `python -m benchmarks.subjects.joblib_memory FOLDER DAYS`.

As its documentation has it: `memory.cache(function)`, silent, called like the function. Each call hashes its arguments,
looks for the result's file, and loads it. Prints JSON: seconds, partitions, functions called, and the last value.
"""

import inspect
import json
import sys
import time
from typing import Any

import joblib

from benchmarks.subjects import chain

NODES = [f"n{number}" for number in range(13)]


def main(folder: str, days: int) -> None:
    """Go over all days, and say what it took."""
    start = time.perf_counter()
    memory = joblib.Memory(folder, verbose=0)
    functions = {name: memory.cache(getattr(chain, name)) for name in NODES}
    reads = {name: list(inspect.signature(getattr(chain, name)).parameters) for name in NODES}
    before, history, values = 0, list[int](), dict[str, Any]()
    for day in range(days):
        values = {"day": day, "n3_before": before, "n7_window": history[-chain.WINDOW :]}
        for name, function in functions.items():
            values[name] = function(*(values[parameter] for parameter in reads[name]))
        before = values["n3"]
        history.append(values["n7"])
    seconds = time.perf_counter() - start
    found = {"seconds": seconds, "partitions": days * len(NODES), "called": len(chain.CALLS), "last": values["n12"]}
    print(json.dumps(found))  # noqa: T201


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
