"""Rows that a version has answered beside the rows that its artifact holds from its training, class by class."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from kan.features import CategoricalFeature, Feature, outside_domain
from service.domain.drift import LEAST_ROWS, FeatureDrift, stability_index
from service.domain.predictions import Value
from service.modelling.registry import LoadedModel
from service.modelling.rows import encode_rows

#: Numbers are counted between the fifths of the training rows; more classes would mostly measure chance.
QUANTILES = (0.2, 0.4, 0.6, 0.8)
#: Categories with fewer training rows are counted together.
LEAST_CATEGORY_ROWS = 5

Numbers = npt.NDArray[np.float64]


@dataclass(frozen=True)
class MeasuredDrift:
    """What was measured; without numbers where there are too few rows."""

    rows: int
    reference_rows: int
    score_psi: float | None = None
    out_of_domain_share: float | None = None
    features: tuple[FeatureDrift, ...] = ()


def measure_drift(model: LoadedModel, rows: Sequence[Mapping[str, Value]]) -> MeasuredDrift:
    """Compare rows that were answered with the training rows of the artifact.

    The score is the output on the link scale, of several outcomes the most probable one.
    """
    fitted = model.fitted
    reference = fitted.reference.numpy()
    if len(rows) < LEAST_ROWS:
        return MeasuredDrift(len(rows), len(reference))
    answered = encode_rows(fitted.features, rows).numpy()
    outside = outside_domain(fitted.features, answered)
    features = [
        FeatureDrift(
            feature=one.name,
            psi=_index(one, reference[:, place], answered[:, place]),
            out_of_domain_share=float(outside[:, place].mean()),
        )
        for place, one in enumerate(fitted.features)
    ]
    return MeasuredDrift(
        rows=len(rows),
        reference_rows=len(reference),
        score_psi=_score_index(model, reference, answered),
        out_of_domain_share=float(outside.any(axis=1).mean()),
        features=tuple(sorted(features, key=lambda one: (-one.psi, one.feature))),
    )


def _score_index(model: LoadedModel, reference: Numbers, answered: Numbers) -> float:
    before, now = (model.fitted.prepared.outputs(rows) for rows in (reference, answered))
    if model.fitted.family == "multinomial":
        outcomes = before.shape[1]
        return _index_of_codes(before.argmax(axis=1), now.argmax(axis=1), outcomes)
    return _index_of_numbers(before[:, 0], now[:, 0])


def _index(feature: Feature, reference: Numbers, answered: Numbers) -> float:
    if isinstance(feature, CategoricalFeature):
        return _index_of_codes(reference.astype(np.int64), answered.astype(np.int64), len(feature.categories) + 1)
    return _index_of_numbers(reference, answered)


def _index_of_numbers(reference: Numbers, answered: Numbers) -> float:
    """Classes between quantiles of the reference, and one for gaps where either side has any."""
    present = reference[~np.isnan(reference)]
    cuts = np.unique(np.quantile(present, QUANTILES)) if len(present) else np.empty(0)
    before, now = (
        _counts(np.where(np.isnan(one), len(cuts) + 1, np.searchsorted(cuts, one)), len(cuts) + 2)
        for one in (reference, answered)
    )
    return _of_used_classes(before, now)


def _index_of_codes(reference: npt.NDArray[np.int64], answered: npt.NDArray[np.int64], codes: int) -> float:
    """One class for each category, one for all rare ones and those never seen."""
    before, now = _counts(reference, codes), _counts(answered, codes)
    is_rare = before < LEAST_CATEGORY_ROWS
    return _of_used_classes(
        np.append(before[~is_rare], before[is_rare].sum()), np.append(now[~is_rare], now[is_rare].sum())
    )


def _of_used_classes(before: npt.NDArray[np.int64], now: npt.NDArray[np.int64]) -> float:
    used = (before + now) > 0
    return stability_index(before[used].tolist(), now[used].tolist())


def _counts(classes: npt.NDArray[np.int64], size: int) -> npt.NDArray[np.int64]:
    return np.bincount(classes, minlength=size)
