"""Train a small model that says which flights will arrive late, on nine months, and validate it on the three after.

The split is by time, never at random: a model is used on days that it has not seen, and flights of one day share their
weather and their queue. No gap is left between the two, because every feature of a flight was known at its scheduled
departure; so the last days of training hold nothing that the first days of validation could not know.

On the flights of 2013 (trained on January to September, validated on October to December, 22.1 % of them late):

    features             columns  ROC AUC  average precision
    none: the base rate        0    0.500              0.221
    carrier and hour           2    0.632              0.319
    all                       42    0.730              0.490

Most of what is left is not in the data: what happens in the air, at the destination, and to the crew.
"""

import argparse
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from sklearn.compose import make_column_transformer
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.metrics import average_precision_score, roc_auc_score
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import OrdinalEncoder

import flow_assets
from flow_assets.errors import FlowError

DATASET, LABEL = "delay_training_set", "is_late"
CARRIER_AND_HOUR = ["carrier", "hour"]
NOT_FEATURES = [
    *("flight_id", "flight_date", "scheduled_departure_utc", "tail_number"),  # keys: for joining and splitting
    "carrier_name",  # the carrier once more
    "month",  # nothing can be learned of months that the training did not see
    LABEL,
]


@dataclass(frozen=True)
class Score:
    """How well a model ranks the flights of the validation; 0.5 and the base rate would be chance."""

    features: str
    columns: int
    roc_auc: float
    average_precision: float


def evaluate(training: str, validation: str, version: str | None = None) -> list[Score]:
    """Scores of the base rate, of carrier and hour alone, and of all features; both arguments are ranges of days."""
    seen = flow_assets.load(DATASET, partitions=training, version=version)
    unseen = flow_assets.load(DATASET, partitions=validation, version=seen.version)
    train, validate = with_hour(seen.pandas(dtypes="numpy")), with_hour(unseen.pandas(dtypes="numpy"))
    everything = [name for name in seen.schema.names if name not in NOT_FEATURES]
    return [
        Score("none: the base rate", 0, 0.5, float(validate[LABEL].mean())),
        score("carrier and hour", CARRIER_AND_HOUR, train, validate),
        score("all", everything, train, validate),
    ]


def with_hour(flights: pd.DataFrame) -> pd.DataFrame:
    """The flights with the local hour of their scheduled departure."""
    return flights.assign(hour=flights["departure_minute_of_day"] // 60)


def score(features: str, columns: Sequence[str], train: pd.DataFrame, validate: pd.DataFrame) -> Score:
    """Fit a model on some columns of `train`, and see how it ranks `validate`."""
    wanted = list(columns)
    fitted = model(train[wanted]).fit(train[wanted], train[LABEL])
    chances = fitted.predict_proba(validate[wanted])[:, 1]
    late = validate[LABEL]
    return Score(features, len(wanted), roc_auc_score(late, chances), average_precision_score(late, chances))


def model(flights: pd.DataFrame) -> Pipeline:
    """Gradient-boosted trees, which take nulls as they are; texts become categories, unknown ones null."""
    texts = list(flights.select_dtypes(exclude="number").columns)
    encoder = OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=np.nan)
    trees = HistGradientBoostingClassifier(
        categorical_features=list(range(len(texts))),
        max_iter=60,
        learning_rate=0.15,
        max_leaf_nodes=15,
        max_bins=127,
        early_stopping=False,  # it would set rows aside at random
        random_state=0,
    )
    return make_pipeline(make_column_transformer((encoder, texts), remainder="passthrough"), trees)


def main() -> None:
    """Print the scores as a table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--training", default="2013-01-01..2013-09-30", help="days to learn from (%(default)s)")
    parser.add_argument("--validation", default="2013-10-01..2013-12-31", help="days to validate on (%(default)s)")
    parser.add_argument("--version", help="version of the data; what is published now by default")
    asked = parser.parse_args()
    try:
        scores = evaluate(asked.training, asked.validation, asked.version)
    except FlowError as error:
        parser.exit(1, f"train_delay_model: {error}\n")
    print(f"{'features':<20}{'columns':>8}{'ROC AUC':>9}{'average precision':>19}")  # noqa: T201
    for s in scores:
        print(f"{s.features:<20}{s.columns:>8}{s.roc_auc:>9.3f}{s.average_precision:>19.3f}")  # noqa: T201


if __name__ == "__main__":
    main()
