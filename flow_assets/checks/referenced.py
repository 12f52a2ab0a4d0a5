"""Which rows refer to a key that another dataset does not hold."""

from collections.abc import Mapping

import duckdb
import numpy as np
import pyarrow as pa

from flow_assets.checks.literals import identifier
from flow_assets.checks.scan import NUMBER, concatenated, registered
from flow_assets.checks.unique import ROW, Mask, mask_of
from flow_assets.declaration.constraints import References


def unreferenced(
    connection: duckdb.DuckDBPyConnection, table: pa.Table, constraint: References, keys: Mapping[str, pa.Table]
) -> Mask:
    """Whether each row's key is not among those of its partition; a row with a null in it passes.

    Args:
        connection: where it is computed.
        table: partitions one after the other, numbered in `NUMBER`.
        constraint: which columns are compared.
        keys: what may be referred to, by partition and in its order; where each holds the same table, it is read once.
    """
    here, there = zip(*constraint.on, strict=True)
    is_shared = len({id(held) for held in keys.values()}) == 1
    selected = {partition: held.select(list(dict.fromkeys(there))) for partition, held in keys.items()}
    held = next(iter(selected.values())) if is_shared else concatenated(selected)
    wanted = table.select([*dict.fromkeys(here), NUMBER]).append_column(ROW, pa.array(np.arange(len(table))))
    pairs = [f"asked.{identifier(a)} = held.{identifier(b)}" for a, b in constraint.on]
    pairs += [] if is_shared else [f"asked.{NUMBER} = held.{NUMBER}"]
    given = " AND ".join(f"asked.{identifier(name)} IS NOT NULL" for name in here)
    query = f"SELECT {ROW} FROM asked ANTI JOIN held ON {' AND '.join(pairs)} WHERE {given}"
    with registered(connection, asked=wanted, held=held):
        return mask_of(connection.sql(query).to_arrow_table().column(0), len(table))
