"""How good a model is on rows that it has not seen.

Brier score: G. W. Brier, "Verification of forecasts expressed in terms of probability" (1950), over all classes for
more than two, and over the positive class for two. AUC for more than two classes is the mean over one class against
the rest.
"""

import numpy as np
import numpy.typing as npt
from sklearn.metrics import accuracy_score, log_loss, mean_absolute_error, r2_score, roc_auc_score
from sklearn.metrics import root_mean_squared_error as rmse

from service.domain.training_configuration import Metric

Numbers = npt.NDArray[np.float64]
Codes = npt.NDArray[np.int64]


def classification_metrics(outcomes: Codes, probabilities: Numbers) -> tuple[Metric, ...]:
    """AUC, log loss, Brier score and accuracy of `probabilities` (rows × classes) for `outcomes` (class codes)."""
    classes = probabilities.shape[1]
    indicators = np.eye(classes)[outcomes]
    errors = (probabilities - indicators) ** 2
    if classes == 2:
        auc, brier = roc_auc_score(outcomes, probabilities[:, 1]), errors[:, 1].mean()
    else:
        auc, brier = roc_auc_score(outcomes, probabilities, multi_class="ovr"), errors.sum(axis=1).mean()
    rows = len(outcomes)
    return (
        Metric(name="auc", value=float(auc), rows=rows, better="higher"),
        Metric(
            name="log_loss",
            value=float(log_loss(outcomes, probabilities, labels=range(classes))),
            rows=rows,
            better="lower",
        ),
        Metric(name="brier", value=float(brier), rows=rows, better="lower"),
        Metric(
            name="accuracy",
            value=float(accuracy_score(outcomes, probabilities.argmax(axis=1))),
            rows=rows,
            better="higher",
        ),
    )


def regression_metrics(observed: Numbers, predicted: Numbers) -> tuple[Metric, ...]:
    """Root mean squared error, R² and mean absolute error, the first and the last in the unit of the target."""
    rows = len(observed)
    return (
        Metric(name="rmse", value=float(rmse(observed, predicted)), rows=rows, better="lower"),
        Metric(name="r2", value=float(r2_score(observed, predicted)), rows=rows, better="higher"),
        Metric(name="mae", value=float(mean_absolute_error(observed, predicted)), rows=rows, better="lower"),
    )
