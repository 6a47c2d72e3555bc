"""`make bench`: KANs beside logistic regression and gradient boosting, on the same rows in the same run.

Times are ratios to gradient boosting of the same run, because absolute times measure the machine.
"""

import io
import statistics
import time
from collections.abc import Callable, Mapping
from typing import Any

import pandas
from sklearn.compose import make_column_selector, make_column_transformer
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from kan.estimator import KANClassifier
from service.modelling.demonstration import breast_cancer_csv, credit_csv

SPLITS = 5
BASELINE = "gradient boosting"


def tables() -> Mapping[str, tuple[Any, Any]]:
    """The tables by name, as pandas inputs and a 0/1 target."""
    cancer = pandas.read_csv(io.BytesIO(breast_cancer_csv()))
    credit = pandas.read_csv(io.BytesIO(credit_csv())).drop(columns=["application", "sex"])
    return {
        "breast cancer": (cancer.drop(columns="diagnosis"), (cancer["diagnosis"] == "malignant").to_numpy()),
        "credit": (credit.drop(columns="default"), (credit["default"] == "yes").to_numpy()),
    }


def candidates() -> Mapping[str, Callable[[Any, Any, int], Any]]:
    """The models by name; each fits inputs and a target with a seed."""
    return {
        "KAN": lambda X, y, seed: KANClassifier(random_state=seed).fit(X, y),
        "KAN, 40 edges, symbolic": _simplified,
        "logistic regression": lambda X, y, _seed: make_pipeline(_prepared(), LogisticRegression(max_iter=5000)).fit(
            X, y
        ),
        BASELINE: lambda X, y, seed: HistGradientBoostingClassifier(
            categorical_features="from_dtype", random_state=seed
        ).fit(X, y),
    }


def _simplified(X: Any, y: Any, seed: int) -> KANClassifier:
    """A KAN that is pruned and snapped after it is fitted, as the service does it."""
    return KANClassifier(random_state=seed).fit(X, y).simplify(max_edges=40).symbolify()


def _prepared() -> Any:
    numbers = make_pipeline(SimpleImputer(add_indicator=True), StandardScaler())
    return make_column_transformer(
        (numbers, make_column_selector(dtype_include="number")),
        (OneHotEncoder(handle_unknown="ignore"), make_column_selector(dtype_exclude="number")),
    )


def measure(table: str, X: Any, y: Any) -> list[str]:
    """One row of the report per model: test AUC as median and range, fitting time as a ratio."""
    scores: dict[str, list[float]] = {name: [] for name in candidates()}
    seconds: dict[str, list[float]] = {name: [] for name in candidates()}
    for seed in range(SPLITS):
        X_train, X_test, y_train, y_test = train_test_split(X, y, test_size=0.2, stratify=y, random_state=seed)
        for name, fit in candidates().items():
            prepared = _typed(X_train, name), _typed(X_test, name)
            started = time.perf_counter()
            model = fit(prepared[0], y_train, seed)
            seconds[name].append(time.perf_counter() - started)
            scores[name].append(float(roc_auc_score(y_test, model.predict_proba(prepared[1])[:, 1])))
    ratios = {
        name: statistics.median(own / other for own, other in zip(times, seconds[BASELINE], strict=True))
        for name, times in seconds.items()
    }
    return [
        f"{table:<14} {name:<24} AUC {statistics.median(found):.4f} ({min(found):.4f} to {max(found):.4f})"
        f"   time x{ratios[name]:.2f}"
        for name, found in scores.items()
    ]


def _typed(X: Any, name: str) -> Any:
    if name != BASELINE:
        return X
    return X.astype(dict.fromkeys(X.select_dtypes(exclude="number").columns, "category"))


def main() -> None:
    """Print the comparison."""
    print(f"Median over {SPLITS} splits 80/20; time is the ratio to {BASELINE} on the same split.")
    for name, (X, y) in tables().items():
        for line in measure(name, X, y):
            print(line, flush=True)


if __name__ == "__main__":
    main()
