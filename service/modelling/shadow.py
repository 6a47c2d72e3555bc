"""The answers of two versions to the same rows, beside each other."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch

from kan.model import FittedModel
from service.domain.predictions import Value
from service.errors import InvalidRow
from service.modelling.registry import LoadedModel
from service.modelling.rows import encode_rows

Numbers = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Compared:
    """The rows that both answered, by position, with both responses and whether the decisions differ."""

    places: npt.NDArray[np.int64]
    champion: Numbers
    challenger: Numbers
    differs: npt.NDArray[np.bool_] | None


def compare_answers(champion: LoadedModel, challenger: LoadedModel, rows: Sequence[Mapping[str, Value]]) -> Compared:
    """Both answers to rows that the champion has answered; the challenger's own features are taken from them.

    Versions of other outcomes have nothing to compare, so no row is answered.
    """
    ours, theirs = champion.fitted, challenger.fitted
    if ours.classes != theirs.classes:
        return Compared(np.empty(0, dtype=np.int64), np.empty(0), np.empty(0), None)
    encoded: list[tuple[int, Numbers, Numbers]] = []
    for place, row in enumerate(rows):
        taken = {one.name: row[one.name] for one in theirs.features if one.name in row}
        try:
            encoded.append(
                (place, encode_rows(ours.features, [row]).numpy()[0], encode_rows(theirs.features, [taken]).numpy()[0])
            )
        except InvalidRow:
            continue
    if not encoded:
        return Compared(np.empty(0, dtype=np.int64), np.empty(0), np.empty(0), None)
    places, first, second = zip(*encoded, strict=True)
    before, after = _responses(ours, np.array(first)), _responses(theirs, np.array(second))
    chosen = before.argmax(axis=1)
    lines = np.arange(len(before))
    differs = chosen != after.argmax(axis=1) if ours.classes else None
    spoken_of = np.ones_like(chosen) if ours.family == "binomial" else chosen
    is_finite = np.isfinite(after).all(axis=1)
    return Compared(
        np.array(places)[is_finite],
        before[lines, spoken_of][is_finite],
        after[lines, spoken_of][is_finite],
        None if differs is None else differs[is_finite],
    )


def _responses(fitted: FittedModel, x: Numbers) -> Numbers:
    """One column for each outcome, or the quantity."""
    responses: Numbers = fitted.response(torch.from_numpy(fitted.prepared.outputs(x))).numpy()
    return np.column_stack([1 - responses, responses]) if fitted.family == "binomial" else responses
