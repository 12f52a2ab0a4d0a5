"""Rules put on the sandbox's datasets, and what is seen of those who ask them."""

import re
from pathlib import Path
from typing import Any

from flow_assets.ledger.judgements import Blocked, Check
from flow_assets_tests.sandbox import DAYS, Sandbox

_METHOD = re.compile(r"\n    @classmethod\n    def rules\(cls\).*?\n        \]\n", re.DOTALL)


def declare(sandbox: Sandbox, *rules: str, dataset: str = "readings") -> None:
    """Make these the rules of a dataset in place of those it has; they are written with `fa.` for `flow_assets.`."""
    name = f"{dataset}.py"
    text = _METHOD.sub("", sandbox.files[name]).replace("\nimport flow_assets as fa\n", "\n", 1)
    lines = "".join(f"            {rule},\n" for rule in rules)
    method = f"\n    @classmethod\n    def rules(cls):\n        return [\n{lines}        ]\n" if rules else ""
    head, decorator, tail = text.partition("\n\n@dataset(")
    docstring, rest = head.split("\n", 1)
    sandbox.write(name, f"{docstring}\nimport flow_assets as fa\n{rest}{method}{decorator}{tail}")


def count_calls(sandbox: Sandbox) -> Path:
    """Have the function of `readings` leave a line for each call in the file that is returned."""
    calls = sandbox.root / "calls"
    calls.touch()
    lines = f"    with open({str(calls)!r}, 'a') as calls:\n        print(context.partition_key, file=calls)\n"
    sandbox.edit("readings.py", "    day = context", f"{lines}    day = context")
    return calls


def endings(sandbox: Sandbox, dataset: str = "readings") -> dict[str, str]:
    """How the partitions of a dataset ended in the last run, where something was done with them."""
    return {p: o.status.value for (name, p), o in sandbox.last_outcomes.items() if name == dataset}


def blocked(sandbox: Sandbox, dataset: str = "readings") -> dict[str, Blocked]:
    with sandbox.project() as project:
        return project.holdings.judgements.blocked(dataset)


def last_checks(sandbox: Sandbox, dataset: str = "readings") -> dict[str, Check]:
    """Partition to the last time it was checked."""
    with sandbox.project() as project:
        return {check.partition: check for check in project.holdings.judgements.checks([dataset])}


def checks_made(sandbox: Sandbox, dataset: str = "readings") -> int:
    with sandbox.project() as project:
        return len(project.holdings.judgements.checks([dataset]))


def quarantined(sandbox: Sandbox, partition: str, dataset: str = "readings") -> list[dict[str, Any]]:
    """The rows that left the published version of a partition."""
    import pyarrow.parquet

    with sandbox.project() as project:
        held = project.holdings.current(dataset, [partition])[partition]
        record = project.store.get_record(held.key)
        assert record is not None
        files = [project.store.local_path(file.hash) for file in record.quarantine]
    return [row for file in files for row in pyarrow.parquet.read_table(file).to_pylist()]


def content(sandbox: Sandbox, dataset: str = "readings") -> dict[str, str]:
    with sandbox.project() as project:
        return {p: h.content_hash for p, h in project.holdings.current(dataset).items()}


def all_days(status: str) -> dict[str, str]:
    return dict.fromkeys(DAYS, status)
