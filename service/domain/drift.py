"""How far the rows that a version answers have moved from those that it was trained on.

The population stability index compares shares of classes: Σ (o − e) · ln(o / e), with e of the training rows and o of
the rows that were answered. Half a row is added to every class, so that an empty one is no infinity. Common reading:
below 0.1 stable, above 0.25 changed. Chance alone gives about (classes − 1) · (1/n + 1/m) for n and m rows.
"""

import math
from collections.abc import Sequence

from pydantic import Field

from service.domain.documents import Document

#: With fewer rows chance alone looks like a change, so nothing is said.
LEAST_ROWS = 200
#: So many of a model's newest records are looked at.
WINDOW_ROWS = 2_000


class FeatureDrift(Document):
    """How far one input has moved."""

    feature: str
    psi: float = Field(description="Population stability index of the values, gaps and unseen categories included.")
    out_of_domain_share: float = Field(description="Share of rows outside the training domain in this feature.")


class Drift(Document):
    """The newest decision records of a version beside the rows of its training; trials are left out."""

    model: str
    version: int
    rows: int = Field(description="Records that were looked at, among the newest 2,000 of the model.")
    reference_rows: int
    since: str | None
    until: str | None
    score_psi: float | None = Field(description="Of the output on the link scale; null below 200 records.")
    out_of_domain_share: float | None = Field(description="Share of rows outside the domain in any feature.")
    features: tuple[FeatureDrift, ...] = Field(description="The farthest moved first; empty below 200 records.")


def stability_index(expected: Sequence[int], observed: Sequence[int]) -> float:
    """The population stability index of counts by class; both have at least one row."""
    classes = len(expected)
    before, now = sum(expected) + classes / 2, sum(observed) + classes / 2
    shares = [((e + 0.5) / before, (o + 0.5) / now) for e, o in zip(expected, observed, strict=True)]
    return math.fsum((o - e) * math.log(o / e) for e, o in shares)
