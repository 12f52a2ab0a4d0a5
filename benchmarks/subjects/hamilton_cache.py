"""One pass over the chain with Hamilton's cache: `python -m benchmarks.subjects.hamilton_cache FOLDER DAYS`.

As its documentation has it: a driver `.with_cache()` is built once and executed for each day, with the day and the
windows as inputs; what the windows of later days need is asked for too. A node whose code and inputs' data versions are
known is answered from the metadata store, and its result is loaded only if it is asked for. Prints JSON: seconds,
partitions, functions called, and the last value.
"""

import json
import logging
import sys
import time

from hamilton import driver, telemetry

from benchmarks.subjects import chain

NODES = 13


def main(folder: str, days: int) -> None:
    """Go over all days, and say what it took."""
    telemetry.disable_telemetry()
    logging.getLogger("hamilton").setLevel(logging.ERROR)
    start = time.perf_counter()
    cached = driver.Builder().with_modules(chain).with_cache(path=folder).build()
    before, history, values = 0, list[int](), dict[str, int]()
    for day in range(days):
        inputs = {"day": day, "n3_before": before, "n7_window": history[-chain.WINDOW :]}
        values = cached.execute(["n3", "n7", "n12"], inputs=inputs)
        before = values["n3"]
        history.append(values["n7"])
    seconds = time.perf_counter() - start
    found = {"seconds": seconds, "partitions": days * NODES, "called": len(chain.CALLS), "last": values["n12"]}
    print(json.dumps(found))  # noqa: T201


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
