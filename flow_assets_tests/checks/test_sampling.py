import duckdb
import numpy as np
import pyarrow as pa
import pytest

from flow_assets.checks import sampling
from flow_assets.checks.profile import QUANTILES, merge
from flow_assets.checks.sampling import SAMPLED, with_sample
from flow_assets.checks.scan import scan
from flow_assets.checks.states import encode, state_expressions
from flow_assets_tests.checks.gathered import declared

ROWS = 400_000


@pytest.fixture(autouse=True)
def small_sample(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sampling, "ENOUGH", 50_000)


def test_small_partitions_are_taken_whole() -> None:
    batch = {"a": pa.table({"x": [1, 2]})}
    assert with_sample(batch) is batch


def test_a_share_of_the_rows_is_taken_of_large_partitions_and_all_of_the_others_beside_them() -> None:
    batch = {"large": pa.table({"x": np.arange(ROWS)}), "small": pa.table({"x": [1, 2]})}
    found = with_sample(batch)
    assert found["small"][SAMPLED].to_pylist() == [True, True]
    taken = found["large"][SAMPLED].to_numpy()
    assert taken.sum() == pytest.approx(50_000, rel=0.05)
    assert taken[: ROWS // 2].sum() == pytest.approx(25_000, rel=0.05)
    assert found["large"].equals(with_sample(batch)["large"])


def test_quantiles_of_a_sample_stand_for_all_rows_beside_those_of_other_partitions() -> None:
    random = np.random.default_rng(7)
    amounts = random.lognormal(3, 1, ROWS)
    amounts[::1000] = np.inf
    large = pa.table(
        {
            "x": pa.array(amounts, mask=random.random(ROWS) < 0.1),
            "n": np.arange(ROWS),
            "none": pa.nulls(ROWS, pa.int32()),
        }
    )
    small = large.slice(0, 40_000)
    nothing = large.slice(0, 0)
    columns = declared(large.schema)
    batch = with_sample({"large": large, "small": small, "nothing": nothing})
    connection = duckdb.connect()
    states = encode(scan(connection, batch, state_expressions(columns, sampled=SAMPLED)), columns)
    x, n, none = merge(connection, states).columns
    values = pa.concat_tables([large, small])
    for column in (x, n):
        every = values[column.name].drop_null().to_numpy()
        every = np.sort(every[np.isfinite(every)])
        ranks = np.searchsorted(every, np.array(column.quantiles, dtype=float)) / len(every)
        assert ranks == pytest.approx(QUANTILES, abs=0.005)
    assert (none.count, none.quantiles) == (0, ())
    assert n.maximum == ROWS - 1
