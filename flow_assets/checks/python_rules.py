"""Rules in Python, run by pandera on a pandas frame with Arrow types: slower than SQL, a partition at a time."""

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from flow_assets.checks.unique import Mask
from flow_assets.declaration import Rule
from flow_assets.declaration.pandera_checks import check_of
from flow_assets.errors import RuleError, sentence


def failing_in_python(table: pa.Table, rule: Rule) -> Mask:
    """Whether each row of one partition breaks `rule`, a `PythonCheck`.

    As in pandera, a function of a column is not shown its nulls, and an answer that is missing in a Series passes. One
    answer for all is every row's. A partition without rows is not asked.

    Raises:
        RuleError: the function raised, or answered neither once nor for each row, or no truth value.
    """
    if not len(table):
        return np.zeros(0, dtype=bool)
    frame = table.to_pandas(types_mapper=pd.ArrowDtype)
    asked = frame[rule.columns[0]] if rule.columns else frame
    try:
        result = check_of(replace(rule, tolerance=0))(asked)  # what is tolerated is counted all the same
    except RuleError:
        raise
    except Exception as error:  # whatever a rule's function raises, people are told whose it is
        raised = f"{type(error).__name__}: {error}"
        raise RuleError(sentence(f"Rule {rule.name}: its function raised {raised}")) from error
    return _failing(result.check_output, result.checked_object, frame.index, rule)


def _failing(answer: Any, asked: Any, rows: pd.Index, rule: Rule) -> Mask:
    if not isinstance(answer, pd.Series | pd.DataFrame):
        return np.full(len(rows), not bool(answer))
    if not answer.index.equals(asked.index):
        raise RuleError(
            f"Rule {rule.name}: its function must answer once or for each of the {len(asked)} rows it is given, in "
            f"their order; it answered {len(answer)} times."
        )
    passes = answer.all(axis="columns") if isinstance(answer, pd.DataFrame) else answer
    return ~passes.reindex(rows, fill_value=True).to_numpy(dtype=bool)
