"""A certificate: one fact about a model, how it was decided, and the rows that show it."""

from dataclasses import dataclass
from typing import Literal

from kan.certification.points import Row
from kan.features import Feature, NumericFeature
from kan.model import FittedModel

Fact = Literal["range", "monotone", "lipschitz", "difference"]
Outcome = Literal["proved", "refuted", "undecided"]

DOMAIN = (
    "every row whose numbers lie in the features' training domains or, where a feature has gaps, are missing, with any "
    "category, also one never seen"
)
BOUNDS = "interval bounds of all edges, added up per feature and bisected"
SLOPES = "interval bounds of all slopes, chained through the layers and bisected"
DIFFERENCE = "interval bounds of the difference of all edges, carried through the layers"


@dataclass(frozen=True)
class Witness:
    """A row, and the output there on the link scale; for a difference, after − before."""

    row: Row
    output: float


@dataclass(frozen=True)
class Certificate:
    """One fact about one output, and with a `feature` about how this feature moves it, for all rows of `domain`.

    `bounds` are proved, of the real functions that the stored numbers define: the range of the output (range, on the
    link scale, and `response` on the scale of the answers), the slopes by the feature (monotone), no slope and the
    largest size of one (lipschitz), after − before (difference). `found` are the same numbers at the best points of
    the search, so that the truth lies between both, and `tightness` is the proved width or size over the found one.
    `direction` is 1 (never falls), −1 (never rises) or 0 (does not depend on the feature); one that is refuted has two
    witnesses that differ in the feature only. `reason` says why nothing was decided. `unit` is that of the bounds.
    All but `seconds` is the same at every run that the clock does not stop.
    """

    fact: Fact
    output: str
    feature: str | None
    statement: str
    method: str
    outcome: Outcome
    unit: str
    bounds: tuple[float, float] | None = None
    found: tuple[float, float] | None = None
    tightness: float | None = None
    response: tuple[float, float] | None = None
    direction: int | None = None
    witness: tuple[Witness, ...] = ()
    reason: str | None = None
    boxes: int = 0
    seconds: float = 0.0
    domain: str = DOMAIN


def share(proved: float, found: float) -> float | None:
    """Return how many times as large as what was found a proved number is, None where nothing was found."""
    if proved == found:
        return 1.0
    return proved / found if found > 0 else None


def output_unit(model: FittedModel, feature: Feature | None = None) -> str:
    """Return the unit of an output on the link scale, or of its slope by a feature."""
    scale = f"unit of {model.target}" if model.link == "identity" else model.link
    if feature is None:
        return scale
    unit = feature.unit if isinstance(feature, NumericFeature) else None
    return f"{scale} per {unit or f'unit of {feature.name}'}"
