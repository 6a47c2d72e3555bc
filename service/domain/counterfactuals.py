"""What would change an answer: the question, and the changes that were found, each scored by the same version."""

from typing import Annotated, Literal

from pydantic import Field

from service.domain.documents import ColumnName, Document
from service.domain.predictions import Category, Link, Output, Value

MOST_FEATURES = 1000
MOST_ALTERNATIVES = 5

Direction = Literal["either", "increase", "decrease"]
Method = Literal["exact", "search"]
Positive = Annotated[float, Field(gt=0)]


class Goal(Document):
    """What the output shall reach: exactly one of `at_least` and `at_most`."""

    at_least: float | None = None
    at_most: float | None = None
    scale: Literal["response", "link"] = "response"
    outcome: Category | None = Field(None, description="The outcome whose probability is meant (classification).")


class AdjustableFeature(Document):
    """A feature that may change, and how."""

    feature: ColumnName
    direction: Direction = "either"
    minimum: float | None = None
    maximum: float | None = None
    step: Positive | None = Field(None, description="Changes are multiples of it; a round number where not given.")
    categories: Annotated[tuple[Category, ...], Field(strict=False)] | None = None
    cost: Positive = Field(1.0, description="Weight of a change by one scale, or of another category.")
    scale: Positive | None = Field(
        None, description="The difference that costs 1; the interquartile range where not given."
    )
    may_fill: bool = Field(False, description="Whether a missing value may become a value.")


class CounterfactualRequest(Document):
    """One row, what its output shall reach, and what may change; without `features`, all that is changeable."""

    row: dict[ColumnName, Value]
    goal: Goal
    features: Annotated[tuple[AdjustableFeature, ...], Field(max_length=MOST_FEATURES, strict=False)] | None = None
    most_changes: Annotated[int, Field(ge=1, le=MOST_FEATURES)] | None = None
    alternatives: Annotated[int, Field(ge=1, le=MOST_ALTERNATIVES)] = 1


class Change(Document):
    """One feature that changes."""

    feature: str
    before: Value
    after: Value
    unit: str | None
    cost: float
    step: float | None = Field(description="Distance between the values that were tried; null for a category.")


class Counterfactual(Document):
    """A changed row with what the version says of it; `value` is what the goal is compared with."""

    changes: tuple[Change, ...]
    cost: float
    output: Output
    value: float


class CounterfactualAnswer(Document):
    """What was found, cheapest first; nothing where no allowed change reaches the goal."""

    output: Output = Field(description="Of the row as it is.")
    goal: Goal
    counterfactuals: tuple[Counterfactual, ...]
    closest: Counterfactual = Field(description="What comes nearest to the goal.")
    method: Method
    is_optimal: bool = Field(
        description="Proved: nothing on the step grid is cheaper or, where nothing was found, reaches the goal."
    )
    candidates: int = Field(description="Values that were combined (exact), or rows that were scored (search).")
    statement: str


class Counterfactuals(Document):
    """The answer to a question about one row; its digest stands in the audit trail."""

    model: str
    version: int
    digest: str
    link: Link
    answer: CounterfactualAnswer
    record_digest: str
