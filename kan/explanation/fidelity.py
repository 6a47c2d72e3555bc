"""How faithfully one network stands for another, such as formulas for splines: measured, and proved.

Measured are the differences of the answers, decisions that flip, and whether both models name the same features as the
largest contributions: on data, on slices of them, and on a dense sample of the whole input domain (I. M. Sobol', "On
the distribution of points in a cube and the approximate evaluation of integrals", 1967), which holds missing values
and categories never seen as well. What is proved holds for every point of that domain.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from kan.errors import InvalidSetting, NoRows, ShapeMismatch
from kan.explanation.difference import largest, proved_difference
from kan.explanation.edge_flow import edge_flow, trace_reference
from kan.features import CategoricalFeature, Feature
from kan.model import FittedModel
from kan.sampling import evenly

TOP = 4  # contributions of a row that are compared
EXPLAINED_ROWS = 2000  # of a table, at even distances, whose contributions are compared
MISSING_SHARE = 0.1  # of the dense sample, for a feature with gaps
SEED = 0  # of the dense sample


@dataclass(frozen=True)
class Agreement:
    """Two models on some rows. Differences are on the link scale and on that of the response, over all outputs.

    `flipped` is the share of rows with another decision, None where no threshold was given. The contributions of
    `explained_rows` of the rows were compared, against the reference of the first model: `same_top` is the share in
    which the four largest come from the same features, `top_overlap` the mean share of features in common; both are
    means over the outputs, and None where no row was explained. A contribution of 0 is never among the largest.
    """

    rows: int
    link_rmse: float
    link_largest: float
    response_rmse: float
    response_largest: float
    flipped: float | None
    explained_rows: int
    same_top: float | None
    top_overlap: float | None


@dataclass(frozen=True)
class Fidelity:
    """Two models compared on data, per slice and densely, and what is proved.

    `proved_bound` has one number B per output: |after(x) − before(x)| ≤ B on the link scale for every x whose numbers
    lie in the features' domains or, where a feature has gaps, are missing, and with any category, also one never seen.
    It is proved of the real functions that the stored numbers define; every bound is moved outwards by more than the
    rounding of its computation, and computed answers differ from those of the functions by their own rounding. `edges`
    has for every edge "layer.source.target" the same kind of bound of |φ_after − φ_before|, in the unit of its target,
    over all values that its source takes in either model. Infinity says that nothing is proved, for example because a
    formula may be undefined.
    """

    data: Agreement
    slices: dict[str, Agreement]
    dense: Agreement
    proved_bound: tuple[float, ...]
    edges: dict[str, float]


@dataclass(frozen=True, eq=False)
class _Comparison:
    """The rows one by one: differences, flipped decisions, and shares of equal top features (NaN: not explained)."""

    link: Float[Tensor, "rows outputs"]
    response: Float[Tensor, "rows columns"]
    flipped: Bool[Tensor, " rows"] | None
    same: Float[Tensor, " rows"]
    overlap: Float[Tensor, " rows"]

    def agreement(self, rows: Bool[Tensor, " rows"]) -> Agreement:
        """Return the summary of some rows."""
        link, response, same, overlap = (one[rows] for one in (self.link, self.response, self.same, self.overlap))
        explained = ~same.isnan()
        return Agreement(
            rows=int(rows.sum()),
            link_rmse=float(link.square().mean().sqrt()),
            link_largest=float(link.abs().max()),
            response_rmse=float(response.square().mean().sqrt()),
            response_largest=float(response.abs().max()),
            flipped=None if self.flipped is None else float(self.flipped[rows].double().mean()),
            explained_rows=int(explained.sum()),
            same_top=float(same[explained].mean()) if bool(explained.any()) else None,
            top_overlap=float(overlap[explained].mean()) if bool(explained.any()) else None,
        )


def fidelity(
    before: FittedModel,
    after: FittedModel,
    x: Float[Tensor, "rows features"],
    *,
    threshold: float | None = None,
    slices: Mapping[str, Bool[Tensor, " rows"]] | None = None,
    dense: int = 10_000,
    pieces: int = 1024,
) -> Fidelity:
    """Return how far `after` is from `before` on encoded rows, on slices of them, densely, and at most.

    `threshold` decides on the scale of the response; with several classes the decision is the likeliest one. `dense` is
    the size of the dense sample; more `pieces` make the proved bound tighter. Raises ShapeMismatch (another network
    shape, rows or slices of another length), InvalidSetting (other features, family or classes, settings out of range),
    NoRows (no rows, an empty slice), OutputUndefined, IdentityViolated.
    """
    slices = slices or {}
    _require_alike(before, after)
    _require_settings(before, x, threshold, slices, dense, pieces)
    on_data = _compared(before, after, x, threshold)
    on_dense = _compared(before, after, dense_rows(before.features, dense), threshold)
    proved = proved_difference(before.network, after.network, before.features, pieces)
    return Fidelity(
        data=on_data.agreement(torch.ones(len(x), dtype=torch.bool)),
        slices={name: on_data.agreement(rows) for name, rows in slices.items()},
        dense=on_dense.agreement(torch.ones(dense, dtype=torch.bool)),
        proved_bound=tuple(largest(one) for one in proved.outputs),
        edges={str(edge): largest(one) for edge, one in proved.edges.items()},
    )


def _require_alike(before: FittedModel, after: FittedModel) -> None:
    if before.network.shape != after.network.shape:
        raise ShapeMismatch("Network after", str(before.network.shape), after.network.shape)
    if before.features != after.features:
        raise InvalidSetting("after", [one.name for one in after.features], "the same features with the same domains")
    if (before.family, before.classes) != (after.family, after.classes):
        expected = f"family {before.family} with the classes {before.classes}"
        raise InvalidSetting("after", (after.family, after.classes), expected)


def _require_settings(
    model: FittedModel,
    x: Tensor,
    threshold: float | None,
    slices: Mapping[str, Tensor],
    dense: int,
    pieces: int,
) -> None:
    if x.shape[1] != len(model.features):
        raise ShapeMismatch("Rows", f"(rows, {len(model.features)})", x.shape)
    if threshold is not None and (model.family == "multinomial" or not math.isfinite(threshold)):
        raise InvalidSetting("threshold", threshold, "a finite number, and none where a class is decided for")
    for name, number in (("dense", dense), ("pieces", pieces)):
        if number < 1:
            raise InvalidSetting(name, number, "a whole number of at least 1")
    if len(x) == 0:
        raise NoRows
    for name, rows in slices.items():
        if rows.shape != (len(x),):
            raise ShapeMismatch(f"Slice {name!r}", f"({len(x)},)", rows.shape)
        if not bool(rows.any()):
            raise NoRows


def dense_rows(features: tuple[Feature, ...], count: int) -> Float[Tensor, "count features"]:
    """Return quasi-random rows that cover the domain of all features, always the same ones.

    Categories never seen in training are as frequent as any other; a tenth of a feature with gaps is missing.
    """
    shares = torch.quasirandom.SobolEngine(len(features), scramble=True, seed=SEED).draw(count, dtype=torch.float64)
    columns = []
    for feature, share in zip(features, shares.T, strict=True):
        if isinstance(feature, CategoricalFeature):
            columns.append((share * (len(feature.categories) + 1)).floor().clamp(max=len(feature.categories)))
            continue
        gaps = MISSING_SHARE if feature.has_missing else 0.0
        inside = (share - gaps) / (1 - gaps)
        column = feature.lower * (1 - inside) + feature.upper * inside
        columns.append(torch.where(share < gaps, math.nan, column.clamp(feature.lower, feature.upper)))
    return torch.stack(columns, dim=1)


def _compared(
    before: FittedModel, after: FittedModel, x: Float[Tensor, "rows features"], threshold: float | None
) -> _Comparison:
    links = [model.predict_link(x) for model in (before, after)]
    responses = [model.predict_response(x) for model in (before, after)]
    flipped = None
    if before.family == "multinomial":
        flipped = links[0].argmax(dim=1) != links[1].argmax(dim=1)
    elif threshold is not None:
        flipped = (responses[0][:, 0] >= threshold) != (responses[1][:, 0] >= threshold)
    explained = evenly(torch.arange(len(x)).unsqueeze(1), EXPLAINED_ROWS)[:, 0]
    same, overlap = (torch.full((len(x),), math.nan, dtype=torch.float64) for _ in range(2))
    same[explained], overlap[explained] = _shared_top(before, after, x[explained])
    return _Comparison(links[1] - links[0], responses[1] - responses[0], flipped, same, overlap)


def _shared_top(
    before: FittedModel, after: FittedModel, x: Float[Tensor, "rows features"]
) -> tuple[Float[Tensor, " rows"], Float[Tensor, " rows"]]:
    """Return in which share of the outputs the top features are the same, and the mean share in common."""
    traced = [(model.network, trace_reference(model.network, before.reference)) for model in (before, after)]
    outputs = before.network.shape[-1]
    same, overlap = torch.zeros(len(x), dtype=torch.float64), torch.zeros(len(x), dtype=torch.float64)
    for output in range(outputs):
        flows = (edge_flow(network, x, reference, output=output) for network, reference in traced)
        one, other = (_top(flow.feature_contributions) for flow in flows)
        same += (one == other).all(dim=1) / outputs
        most = torch.maximum(one.sum(dim=1), other.sum(dim=1))
        overlap += torch.where(most == 0, 1.0, (one & other).sum(dim=1) / most.clamp(min=1)) / outputs
    return same, overlap


def _top(contributions: Float[Tensor, "rows features"]) -> Bool[Tensor, "rows features"]:
    """Return which contributions are the largest of their row."""
    sizes = contributions.abs()
    places = sizes.argsort(dim=1, descending=True, stable=True)[:, :TOP]
    return torch.zeros_like(sizes, dtype=torch.bool).scatter(1, places, True) & (sizes > 0)
