"""Facts about a version that are proved for its whole domain, not sampled."""

from typing import Literal

from pydantic import Field

from service.domain.documents import Document
from service.domain.feature_schema import Direction
from service.domain.predictions import Value

Fact = Literal["range", "monotone", "lipschitz", "difference"]
Outcome = Literal["proved", "refuted", "undecided"]


class Witness(Document):
    """A row that could be predicted, and the output there."""

    row: dict[str, Value]
    output: float = Field(description="On the link scale; of a difference, with formulas minus with splines.")


class Certificate(Document):
    """One fact about one output, and with a feature about how this feature moves it."""

    fact: Fact
    output: str
    feature: str | None
    statement: str
    method: str
    outcome: Outcome
    direction: Direction | Literal["none"] | None = Field(
        description="What was to be proved; none where the output does not depend on the feature."
    )
    expected: Direction | None = Field(description="The direction that dataset or training name for this feature.")
    holds: bool | None = Field(description="Whether the expected direction holds; null where it is undecided.")
    unit: str
    bounds: tuple[float, float] | None = Field(
        description="Proved: the range of the output or of the difference, the slopes by the feature, zero and the "
        "largest size of a slope."
    )
    response: tuple[float, float] | None = Field(description="A range on the scale of the answers.")
    found: tuple[float, float] | None = Field(description="The same at the best rows of the search.")
    tightness: float | None = Field(description="Proved width or size over the found one; 1 is exact.")
    witness: tuple[Witness, ...]
    reason: str | None = Field(description="Why nothing was decided.")
    boxes: int = Field(description="Parts of the domain that were bounded one by one.")
    seconds: float | None = Field(description="Null for what was proved during the training.")
    domain: str


class Certificates(Document):
    """All that is proved of a version."""

    certificates: tuple[Certificate, ...]
