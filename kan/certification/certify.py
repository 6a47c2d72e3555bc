"""Certificates of a fitted model: range of every output, direction and largest slope by every feature.

What each says, and what its numbers are, is in `kan.certification.certificate`.
"""

import math
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

from kan.certification.bounds import NetworkBounds
from kan.certification.certificate import BOUNDS, SLOPES, Certificate, Fact, Outcome, Witness, output_unit, share
from kan.certification.points import as_row, outputs_at, slopes_at, values_of
from kan.certification.search import Budget, Highest, Output, Slope, highest
from kan.errors import InvalidSetting, UnknownFeature
from kan.explanation.fidelity import dense_rows
from kan.features import CategoricalFeature, NumericFeature
from kan.losses import FAMILIES
from kan.model import FittedModel, output_names
from kan.symbolic.intervals import ROUNDING

SAMPLE = 4096  # quasi-random rows with which every search begins
BOXES, SECONDS = 600, 30.0  # of one search, and of all together
DIRECTION_SLACK = 1e-12  # share of the output's size by which rounding may move it against a direction
LINE_POINTS = 129  # around the steepest point, where a witness is looked for

UNDEFINED = "A formula is not proved to be defined, or finite, on the whole domain."
NO_ORDER = "A category has no order and no unit."
STEEP = "A slope is not bounded, such as at the start of a root or at a step."
DIRECTIONS: Mapping[int, str] = {
    1: "{output} never falls while {feature} rises, all else equal.",
    -1: "{output} never rises while {feature} rises, all else equal.",
    0: "{output} does not depend on {feature}.",
}
UNSIGNED = "{output} moves one way while {feature} rises, all else equal."
SENTENCES: Mapping[Fact, str] = {
    "range": "{output} on the link scale never leaves the bounds.",
    "lipschitz": "{output} on the link scale never changes faster with {feature} than the bound.",
}
OF_A_FEATURE: tuple[Fact, ...] = ("monotone", "lipschitz")


def certify(
    model: FittedModel,
    *,
    features: Sequence[str] | None = None,
    expected: Mapping[str, int] | None = None,
    boxes: int = BOXES,
    seconds: float = SECONDS,
) -> tuple[Certificate, ...]:
    """Return the certificates of every output: its range, then direction and largest slope by every feature.

    Without `features` these are the numeric ones. `expected` directions (1 or −1 by feature) are what is proved or
    refuted; elsewhere it is the direction that most slopes suggest. One search bounds at most so many `boxes`; when
    all have taken `seconds`, the rest go without bisection. Raises UnknownFeature, InvalidSetting.
    """
    names, expected = [one.name for one in model.features], dict(expected or {})
    wanted = [one.name for one in model.features if isinstance(one, NumericFeature)] if features is None else features
    for name in (*wanted, *expected):
        if name not in names:
            raise UnknownFeature(name, names)
    for name, sign in expected.items():
        if sign not in (1, -1):
            raise InvalidSetting(f"expected[{name!r}]", sign, "1 or -1")
    if boxes < 1 or not (math.isfinite(seconds) and seconds > 0):
        raise InvalidSetting("boxes or seconds", (boxes, seconds), "a whole number of at least 1, and a time above 0")
    places = [names.index(name) for name in wanted]
    return _Certifier(model, boxes, seconds, places).certificates(expected)


@dataclass(frozen=True, eq=False)
class _Extremes:
    """The lowest and the highest of a quantity; `low` is the highest of its negative."""

    low: Highest
    high: Highest
    seconds: float

    @property
    def bounds(self) -> tuple[float, float]:
        return -self.low.bound, self.high.bound

    @property
    def found(self) -> tuple[float, float]:
        return -self.low.value, self.high.value

    @property
    def boxes(self) -> int:
        return self.low.boxes + self.high.boxes

    @property
    def timed_out(self) -> bool:
        return self.low.timed_out or self.high.timed_out


class _Certifier:
    """One model on its way to certificates: what is bounded and sampled once, and what is left of the time."""

    def __init__(self, model: FittedModel, boxes: int, seconds: float, places: Sequence[int]) -> None:
        self.model, self.network, self.boxes = model, model.network, boxes
        self.outputs, self.places = output_names(model), places
        self.until, self.searches = time.perf_counter() + seconds, 2 * len(self.outputs) * (1 + len(places))
        self.bounds = NetworkBounds(model.network, model.features)
        self.values = values_of(self.bounds.features, model.features)
        self.sample = dense_rows(model.features, SAMPLE)

    def certificates(self, expected: Mapping[str, int]) -> tuple[Certificate, ...]:
        found = []
        ranges = [self._range(output) for output in range(len(self.outputs))] if self.bounds.is_defined else []
        if not ranges:
            found += [self._certificate("range", output, None, reason=UNDEFINED) for output in range(len(self.outputs))]
        found += _with_responses(self.model, ranges)
        for output in range(len(self.outputs)):
            slopes = slopes_at(self.network, self.sample, output) if ranges else self.sample
            for place in self.places:
                feature = self.model.features[place]
                if isinstance(feature, CategoricalFeature) or not ranges:
                    reason = UNDEFINED if isinstance(feature, NumericFeature) else NO_ORDER
                    found += [self._certificate(fact, output, place, reason=reason) for fact in OF_A_FEATURE]
                    continue
                start = self.sample[[int(slopes[:, place].argmin()), int(slopes[:, place].argmax())]]
                known = self._slopes(output, place, start)
                size = max(abs(end) for end in ranges[output].bounds or ())
                found += [self._monotone(output, place, feature, known, size, expected.get(feature.name))]
                found += [self._lipschitz(output, place, known)]
        return tuple(found)

    def _slopes(self, output: int, place: int, start: Float[Tensor, "2 features"]) -> _Extremes:
        if self.bounds.moves(place):
            return self._extremes(Slope, start, 0.0, output=output, source=place)
        self.searches -= 2
        nothing = Highest(0.0, start[0], 0.0, 0)
        return _Extremes(nothing, nothing, 0.0)

    def _extremes(self, kind: type[Output | Slope], start: Tensor, scale: float, **which: int) -> _Extremes:
        """Search the lowest and the highest of a quantity from two rows on."""
        began = time.perf_counter()
        root, ends = self.bounds.features.whole(), []
        for sign, row in zip((-1, 1), start, strict=True):
            quantity = kind(self.network, self.bounds, self.values, sign=sign, **which)
            now = time.perf_counter()
            budget = Budget(self.boxes, now + max(self.until - now, 0.0) / self.searches)
            ends.append(highest(quantity, root, self.values, row.unsqueeze(0), scale, budget))
            self.searches -= 1
        return _Extremes(ends[0], ends[1], time.perf_counter() - began)

    def _range(self, output: int) -> Certificate:
        at_sample = outputs_at(self.network, self.sample)[:, output]
        start = self.sample[[int(at_sample.argmin()), int(at_sample.argmax())]]
        known = self._extremes(Output, start, float(at_sample.max() - at_sample.min()), output=output)
        return self._certificate(
            "range",
            output,
            None,
            known,
            outcome="proved",
            tightness=share(known.bounds[1] - known.bounds[0], known.found[1] - known.found[0]),
            witness=self._witnesses(torch.stack([known.low.point, known.high.point]), output),
        )

    def _lipschitz(self, output: int, place: int, known: _Extremes) -> Certificate:
        steepest = max((known.low, known.high), key=lambda one: one.value)
        bound, found = max(abs(end) for end in known.bounds), max(steepest.value, 0.0)
        if not math.isfinite(bound):
            return self._certificate("lipschitz", output, place, reason=STEEP, boxes=known.boxes, seconds=known.seconds)
        return self._certificate(
            "lipschitz",
            output,
            place,
            known,
            outcome="proved",
            bounds=(0.0, bound),
            found=(0.0, found),
            tightness=share(bound, found),
            witness=self._witnesses(steepest.point.unsqueeze(0), output),
        )

    def _monotone(
        self, output: int, place: int, feature: NumericFeature, known: _Extremes, size: float, wanted: int | None
    ) -> Certificate:
        lower, upper = known.bounds
        sign = wanted or (1 if known.high.value >= known.low.value else -1)
        against = max(0.0, -lower if sign > 0 else upper)
        outcome: Outcome = "undecided"
        witness: tuple[Witness, ...] = ()
        if against * (feature.upper - feature.lower) <= DIRECTION_SLACK * size:
            outcome = "proved"
            sign = 0 if lower == upper == 0 else sign
        else:
            start = known.low.point if sign > 0 else known.high.point
            pair = self._reversal(output, place, feature, start, sign, DIRECTION_SLACK * size)
            if pair is not None:
                outcome, witness = "refuted", self._witnesses(pair, output)
        ended = "the clock" if known.timed_out else f"the limit of {self.boxes} boxes"
        reason = f"{ended.capitalize()} ended the search before its bounds decided." if outcome == "undecided" else None
        is_bounded = math.isfinite(lower) and math.isfinite(upper)
        return self._certificate(
            "monotone",
            output,
            place,
            known,
            outcome=outcome,
            bounds=known.bounds if is_bounded else None,
            direction=sign,
            witness=witness,
            reason=reason,
        )

    def _reversal(
        self, output: int, place: int, feature: NumericFeature, start: Tensor, sign: int, slack: float
    ) -> Float[Tensor, "2 features"] | None:
        """Return two rows that differ in one feature, between which the output moves most against a direction."""
        whole = torch.linspace(feature.lower, feature.upper, LINE_POINTS, dtype=torch.float64)
        near = start[place] + (feature.upper - feature.lower) / LINE_POINTS * torch.linspace(-1, 1, LINE_POINTS)
        line = torch.cat([whole, near, start[place : place + 1]]).clamp(feature.lower, feature.upper).unique()
        rows = start.repeat(len(line), 1)
        rows[:, place] = line
        values = sign * outputs_at(self.network, rows)[:, output]
        highest_before = values.cummax(dim=0)
        fall = highest_before.values - values
        last = int(fall.argmax())
        if float(fall[last]) <= slack:
            return None
        return rows[[int(highest_before.indices[last]), last]]

    def _witnesses(self, rows: Float[Tensor, "rows features"], output: int) -> tuple[Witness, ...]:
        values = outputs_at(self.network, rows)[:, output].tolist()
        return tuple(Witness(as_row(self.model.features, row), value) for row, value in zip(rows, values, strict=True))

    def _certificate(
        self, fact: Fact, output: int, place: int | None, known: _Extremes | None = None, **details: Any
    ) -> Certificate:
        feature = None if place is None else self.model.features[place]
        name, source = self.outputs[output], "" if feature is None else feature.name
        direction: int | None = details.get("direction")
        sentence = SENTENCES[fact] if fact != "monotone" else UNSIGNED if direction is None else DIRECTIONS[direction]
        searched: dict[str, Any] = {}
        if known is not None:
            searched = {
                "bounds": known.bounds,
                "found": known.found,
                "boxes": known.boxes,
                "seconds": known.seconds,
            }
        return Certificate(
            fact=fact,
            output=name,
            feature=None if feature is None else feature.name,
            statement=sentence.format(output=name, feature=source),
            method=BOUNDS if fact == "range" else SLOPES,
            unit=output_unit(self.model, feature),
            **{"outcome": "undecided", **searched, **details},
        )


def _with_responses(model: FittedModel, ranges: Sequence[Certificate]) -> list[Certificate]:
    """Return certificates of the ranges with those of the response; of several classes, each beside all others."""
    bounds = [one.bounds for one in ranges if one.bounds is not None]
    found = []
    for output, one in enumerate(ranges):
        corners = torch.tensor([[other[1 - end] for other in bounds] for end in (0, 1)], dtype=torch.float64)
        corners[:, output] = torch.tensor(bounds[output], dtype=torch.float64)
        response = FAMILIES[model.family].response(corners)[:, output]
        least, most = (float(end) for end in (response[0], response[1]))
        is_share = model.family in ("binomial", "multinomial")
        most += abs(most) * ROUNDING * (0 if model.link == "identity" else len(ranges) + 1)
        least -= abs(least) * ROUNDING * (0 if model.link == "identity" else len(ranges) + 1)
        served = (max(least, 0.0), min(most, 1.0)) if is_share else (least, most)
        found.append(replace(one, response=served if math.isfinite(most) else None))
    return found
