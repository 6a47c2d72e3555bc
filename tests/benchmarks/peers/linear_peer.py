"""scikit-learn's logistic and linear regression on standardised numbers and one-hot categories."""

import time
from typing import Any

import numpy as np
import pandas
from sklearn.compose import make_column_selector, make_column_transformer
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

Answer = tuple[dict[str, Any], dict[str, Any]]


def warm_up() -> None:
    """Fit a small table."""
    x = np.arange(200.0).reshape(100, 2)
    LogisticRegression().fit(x, x[:, 0] > 99)


def classify(data: dict[str, Any], *, seed: int) -> Answer:
    """Fit a logistic regression; return the logits of the test rows."""
    model = make_pipeline(_prepared(), LogisticRegression(max_iter=5000, random_state=seed))
    seconds = _fit(model, data)
    return {"seconds": seconds}, {"test": model.decision_function(pandas.DataFrame(data["X_test"]))}


def regress(data: dict[str, Any], *, seed: int) -> Answer:
    """Fit a linear regression; return the predictions of the test rows."""
    model = make_pipeline(_prepared(), LinearRegression())
    seconds = _fit(model, data)
    return {"seconds": seconds}, {"test": model.predict(pandas.DataFrame(data["X_test"]))}


def _fit(model: Any, data: dict[str, Any]) -> float:
    x, y = pandas.DataFrame(data["X_train"]), data["y_train"]
    started = time.perf_counter()
    model.fit(x, y)
    return time.perf_counter() - started


def _prepared() -> Any:
    return make_column_transformer(
        (StandardScaler(), make_column_selector(dtype_include="number")),
        (OneHotEncoder(handle_unknown="ignore"), make_column_selector(dtype_exclude="number")),
    )
