"""What functions of rules in Python answer: truth values, one for all or one for each row, and nothing else."""

from typing import Any

import numpy as np
import pandas as pd

from flow_assets.declaration.constraints import PythonCheck
from flow_assets.errors import RuleError

_SHOWN = 40


def answer_of(rule: str, constraint: PythonCheck, asked: Any) -> Any:
    """What a user's function answers; of an answer that is missing pandera would fail to make a truth value.

    Args:
        rule: its name.
        constraint: its function.
        asked: a column, a frame, or one value.

    Raises:
        RuleError: it answers neither a truth value nor a Series or DataFrame of them.
    """
    answer = constraint.function(asked)
    if problem := _no_answer(answer):
        wanted = "True or False" if constraint.element_wise else "True or False, or a Series of them, one for each row"
        raise RuleError(f"Rule {rule}: its function must return {wanted}; it returned {problem}.")
    if isinstance(answer, pd.DataFrame):
        return answer.apply(passes_where_missing)
    if isinstance(answer, pd.Series):
        return passes_where_missing(answer)
    return answer is pd.NA or bool(answer)


def _no_answer(answer: Any) -> str | None:
    """What is wrong with it; of numbers and texts Python would make truth values without a word."""
    if answer is None:
        return "None: is its `return` missing?"
    if isinstance(answer, pd.DataFrame):
        return next((f"a DataFrame with {wrong}" for _, of in answer.items() if (wrong := _no_answer(of))), None)
    if isinstance(answer, pd.Series):
        return None if _are_truth_values(answer) else f"a Series of {answer.dtype}"
    if answer is pd.NA or isinstance(answer, bool | np.bool_):
        return None
    article = "an" if type(answer).__name__[0] in "aeiou" else "a"
    return f"{article} {type(answer).__name__}: {str(answer)[:_SHOWN]}"


def _are_truth_values(answer: pd.Series) -> bool:
    if pd.api.types.is_bool_dtype(answer.dtype):
        return True
    given = answer[answer.notna()] if answer.dtype == object else answer
    return all(isinstance(value, bool | np.bool_) for value in given)


def passes_where_missing(answer: pd.Series) -> pd.Series:
    """Truth values, with true where there is none: what compares with a null holds."""
    passes = pd.Series(True, index=answer.index)
    is_given = answer.notna().to_numpy(dtype=bool)
    passes[is_given] = answer[is_given].astype(bool)
    return passes
