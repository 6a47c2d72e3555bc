"""Populations to measure against: chosen from a version's dataset, stored as rows, made ready for explanations.

The stored rows are canonical JSON, so that the same rows have the same digest: names of the inputs and one list of
values per row, with null where a value is missing.
"""

import json
import math
import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl
import torch
from jaxtyping import Float
from torch import Tensor

import kan.errors
from kan.explanation.coalitions import TracedGames, trace_games
from kan.explanation.edge_flow import TracedReference, trace_reference
from kan.features import CategoricalFeature, encode
from kan.model import FittedModel
from kan.tables import frame_columns
from service.domain.canonical import canonical_json
from service.domain.feature_schema import TrainingColumns
from service.domain.predictions import Value
from service.domain.references import (
    LARGEST_REFERENCE,
    AllApplicants,
    Condition,
    FilteredRows,
    ResponseBetween,
    ResponseNearest,
    Selection,
    SingleApplicant,
)
from service.errors import (
    InvalidRow,
    ReferenceFeatureRefused,
    ReferenceOutcomeUnknown,
    ReferenceOutputUndefined,
    ReferenceRowRefused,
    ReferenceWithoutRows,
)
from service.modelling.rows import encode_rows
from service.modelling.splitting import split_rows
from service.modelling.tables import read_parquet

#: Prepared references that one loaded version keeps.
KEPT = 8
_SEED = 0

Positions = npt.NDArray[np.int64]


@dataclass(frozen=True)
class ChosenRows:
    """The rows of a new reference as they are stored; `matched` is how many the selection found."""

    content: bytes
    rows: int
    matched: int


def choose_rows(
    fitted: FittedModel,
    parquet: bytes,
    columns: TrainingColumns,
    split: tuple[float, int],
    selection: Selection,
) -> ChosenRows:
    """The rows of the snapshot that a selection names; `split` is the share of held-out rows and the seed.

    Of more rows than a reference may have, a sample is drawn by a fixed seed and kept in the order of the snapshot.
    Raises: leaves of InvalidReference.
    """
    if isinstance(selection, SingleApplicant):
        return ChosenRows(_content(fitted, [_single(fitted, selection)]), 1, 1)
    table = read_parquet(parquet)
    training = split_rows(table, columns, *split).training
    inputs = table.select(columns.inputs)
    positions = np.arange(table.height) if isinstance(selection, AllApplicants) else training
    found = positions[_matching(fitted, inputs[positions], selection)]
    if len(found) == 0:
        raise ReferenceWithoutRows
    kept = _sampled(found)
    _require_finite(fitted, _encoded(fitted, inputs[kept]))
    return ChosenRows(_content(fitted, inputs[kept].rows()), len(kept), len(found))


def _matching(fitted: FittedModel, inputs: pl.DataFrame, selection: Selection) -> Positions:
    """Positions, ascending, of the rows that a selection names."""
    match selection:
        case ResponseBetween():
            responses = _responses(fitted, inputs, selection.outcome)
            return np.flatnonzero((responses >= selection.lower) & (responses <= selection.upper))
        case ResponseNearest():
            distances = np.abs(_responses(fitted, inputs, selection.outcome) - selection.cutoff)
            return np.sort(np.argsort(distances, kind="stable")[: selection.rows])
        case FilteredRows():
            matches = [_meeting(fitted, inputs, name, condition) for name, condition in selection.features.items()]
            return np.flatnonzero(np.logical_and.reduce(matches))
    return np.arange(inputs.height)


def _sampled(found: Positions) -> Positions:
    if len(found) <= LARGEST_REFERENCE:
        return found
    random = np.random.Generator(np.random.PCG64(_SEED))
    return np.sort(random.choice(found, LARGEST_REFERENCE, replace=False))


def _single(fitted: FittedModel, selection: SingleApplicant) -> list[Value]:
    try:
        x = encode_rows(fitted.features, [selection.row])
    except InvalidRow as error:
        raise ReferenceRowRefused(error) from error
    _require_finite(fitted, x)
    return [_stored(selection.row[feature.name]) for feature in fitted.features]


def _stored(value: Value) -> Value:
    """A number as the snapshot has it, so that 41 and 41.0 are one row."""
    return float(value) if isinstance(value, int) else value


def _meeting(fitted: FittedModel, inputs: pl.DataFrame, name: str, condition: Condition) -> npt.NDArray[np.bool_]:
    features = {feature.name: feature for feature in fitted.features}
    if name not in features:
        raise ReferenceFeatureRefused(name, "is no input of the version", "Name one of its inputs.")
    column, is_category = inputs[name], isinstance(features[name], CategoricalFeature)
    has_range = condition.minimum is not None or condition.maximum is not None
    if is_category and has_range:
        raise ReferenceFeatureRefused(name, "holds categories, which have no range", "List 'categories' instead.")
    if not is_category and condition.categories:
        raise ReferenceFeatureRefused(name, "holds numbers, not categories", "Use 'minimum' and 'maximum'.")
    is_gap = column.is_null().to_numpy()
    if condition.categories:
        met = column.is_in(list(condition.categories)).fill_null(value=False).to_numpy()
    elif has_range:
        lower = -math.inf if condition.minimum is None else condition.minimum
        upper = math.inf if condition.maximum is None else condition.maximum
        met = column.is_between(lower, upper).fill_null(value=False).to_numpy()
    else:
        met = np.zeros(len(column), dtype=bool) if condition.missing else ~is_gap
    return met | (is_gap & condition.missing)


def _encoded(fitted: FittedModel, inputs: pl.DataFrame) -> Float[Tensor, "rows features"]:
    return encode(fitted.features, frame_columns(inputs))


def _responses(fitted: FittedModel, inputs: pl.DataFrame, outcome: str | None) -> npt.NDArray[np.float64]:
    """The quantity, or the probability of an outcome: of two the positive one where none is named."""
    position = 0
    if outcome is not None or fitted.family == "multinomial":
        if outcome not in fitted.classes:
            raise ReferenceOutcomeUnknown(outcome, fitted.classes)
        position = fitted.classes.index(outcome)
    try:
        responses = fitted.predict_response(_encoded(fitted, inputs)).detach().numpy()
    except kan.errors.OutputUndefined as error:
        raise ReferenceOutputUndefined(error.row) from error
    if fitted.family == "binomial":
        return responses[:, 0] if outcome is None or position == 1 else 1.0 - responses[:, 0]
    chosen: npt.NDArray[np.float64] = responses[:, position]
    return chosen


def _require_finite(fitted: FittedModel, x: Float[Tensor, "rows features"]) -> None:
    try:
        fitted.predict_link(x)
    except kan.errors.OutputUndefined as error:
        raise ReferenceOutputUndefined(error.row) from error


def _content(fitted: FittedModel, rows: Sequence[Sequence[Value]]) -> bytes:
    names = [feature.name for feature in fitted.features]
    return canonical_json({"features": names, "rows": [list(row) for row in rows]}).encode()


def read_rows(fitted: FittedModel, content: bytes) -> Float[Tensor, "rows features"]:
    """The numbers of a stored reference."""
    stored: dict[str, Any] = json.loads(content)
    columns = zip(*stored["rows"], strict=True)
    return encode(fitted.features, dict(zip(stored["features"], map(list, columns), strict=True)))


@dataclass(frozen=True)
class PreparedReference:
    """Rows traced through the network, and the mean of every number among them, None where no row has one."""

    rows: Float[Tensor, "rows features"]
    traced: TracedReference
    means: Mapping[str, float | None]
    _games: dict[int, TracedGames] = field(default_factory=dict, compare=False)

    def games(self, output: int) -> TracedGames:
        """The coalitions of features of one output; what is traced twice is the same."""
        found = self._games.get(output)
        if found is None:
            found = trace_games(self.traced.network, self.rows, output=output, prepared=self.traced.prepared)
            self._games[output] = found
        return found


def prepare_reference(fitted: FittedModel, rows: Float[Tensor, "rows features"]) -> PreparedReference:
    """What explanations need of a population."""
    means = {
        feature.name: _mean(rows[:, position])
        for position, feature in enumerate(fitted.features)
        if not isinstance(feature, CategoricalFeature)
    }
    return PreparedReference(rows, trace_reference(fitted.network, rows, fitted.prepared), means)


def _mean(column: Float[Tensor, " rows"]) -> float | None:
    present = column[~torch.isnan(column)].tolist()
    return math.fsum(present) / len(present) if present else None


class PreparedReferences:
    """The references of one loaded version that were used last; what is prepared twice is the same."""

    def __init__(self, fitted: FittedModel) -> None:
        self._fitted = fitted
        self._lock = threading.Lock()
        self._prepared: OrderedDict[str, PreparedReference] = OrderedDict()

    def get(self, digest: str, read: Callable[[str], bytes]) -> PreparedReference:
        """The stored rows with this digest; raises what reading them raises."""
        with self._lock:
            if digest in self._prepared:
                self._prepared.move_to_end(digest)
                return self._prepared[digest]
        prepared = prepare_reference(self._fitted, read_rows(self._fitted, read(digest)))
        with self._lock:
            self._prepared[digest] = prepared
            while len(self._prepared) > KEPT:
                self._prepared.popitem(last=False)
        return prepared
