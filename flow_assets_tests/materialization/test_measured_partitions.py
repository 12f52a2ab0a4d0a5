"""The KPIs of each partition that is made, or tried."""

from pathlib import Path

from flow_assets.ledger.measurements import Measurement, Measurements
from flow_assets_tests.ruled import EXCESSIVE, ruled
from flow_assets_tests.sandbox import DAYS, Sandbox

OF_DATA = {"scan", "compute", "sort", "check", "hash", "write"}


def attempts(sandbox: Sandbox) -> dict[str, Measurement]:
    """`dataset partition` to its last measurement."""
    with sandbox.project() as project:
        found = Measurements(project.engine, project.settings.environment).attempts()
    return {f"{m.dataset} {m.partition}".strip(): m for m in found}


def test_what_is_computed_has_its_phases_which_are_within_its_time(finished: Sandbox) -> None:
    found = attempts(finished)
    assert len(found) == 16
    for name, measured in found.items():
        assert (measured.change, measured.error) == ("computed", "")
        assert set(measured.phases) == OF_DATA, name
        assert all(seconds >= 0 for seconds in measured.phases.values())
        assert 0 < sum(measured.phases.values()) <= measured.wall_seconds + 1e-5, name
        assert measured.cpu_seconds > 0
        assert measured.peak_memory_bytes > 2**20
        assert (measured.rows_out, measured.bytes_out > 0, measured.bytes_in > 0) == (3, True, True)
    assert {found[f"{name} {DAYS[0]}"].engine for name in ("readings", "trends")} == {"duckdb"}
    assert found[f"raw_readings {DAYS[0]}"].engine == "arrow"
    assert {found[f"trends {day}"].partitions_in_call for day in DAYS} == {5}
    assert found[f"trends {DAYS[2]}"].rows_in == 9


def test_a_function_of_pandas_says_so(sandbox: Sandbox) -> None:
    sandbox.edit("raw_readings.py", "import pyarrow as pa", "import pandas as pd")
    sandbox.edit("raw_readings.py", "(lines: pa.Table) -> pa.Table", "(lines: pd.DataFrame) -> pd.DataFrame")
    sandbox.run("raw_readings", partitions=DAYS[0])
    assert attempts(sandbox)[f"raw_readings {DAYS[0]}"].engine == "pandas"


def test_what_fails_is_measured_with_the_class_of_its_error_and_is_no_materialization(sandbox: Sandbox) -> None:
    sandbox.land(DAYS[1], "nonsense\n")
    sandbox.edit("readings.py", "DATE '{day}' AS day", f"DATE '{{'nothing' if day == '{DAYS[2]}' else day}}' AS day")
    sandbox.run("readings")
    found = attempts(sandbox)
    landed, computed = found[f"raw_readings {DAYS[1]}"], found[f"readings {DAYS[2]}"]
    assert (landed.change, landed.error, landed.rows_out) == ("failed", "LandedFileError", 0)
    assert (computed.change, computed.error) == ("failed", "ComputeError")
    assert "compute" in computed.phases
    with sandbox.project() as project:
        made = Measurements(project.engine, project.settings.environment).materializations()
    assert {m.change for m in made} == {"computed"}
    assert len(made) == len(found) - 2


def test_what_is_blocked_is_measured_with_the_rules_that_it_breaks(tmp_path: Path) -> None:
    sandbox = ruled(tmp_path)
    sandbox.land(DAYS[0], EXCESSIVE)
    sandbox.run("readings")
    blocked = attempts(sandbox)[f"readings {DAYS[0]}"]
    assert (blocked.change, blocked.error) == ("blocked", "deciwatts_in_range")
    assert set(blocked.phases) == OF_DATA
    assert blocked.rows_in == 2


def test_what_is_restored_is_measured_and_computes_nothing(done: Sandbox) -> None:
    done.land(DAYS[0], "meter,watts,note\na,9,x\n")
    done.run()
    done.land(DAYS[0])
    done.run()
    restored = attempts(done)[f"readings {DAYS[0]}"]
    assert (restored.change, restored.rows_out, restored.rows_in, restored.error) == ("restored", 3, 0, "")
    assert restored.wall_seconds > 0
    assert "scan" in restored.phases
    assert "compute" not in restored.phases


def test_a_set_based_call_that_fails_its_audit_is_measured_for_each_partition(sandbox: Sandbox) -> None:
    sandbox.edit("trends.py", "BETWEEN readings.day - 2 AND", "BETWEEN readings.day - 4 AND")
    sandbox.run("trends")
    found = [m for name, m in attempts(sandbox).items() if name.startswith("trends")]
    assert {(m.change, m.error) for m in found} == {("failed", "AuditError")}
    assert {m.partitions_in_call for m in found} == {5}
    assert len({m.wall_seconds for m in found}) == 1  # shared out
