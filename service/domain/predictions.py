"""A prediction with its explanation: the answer and the stored decision record are this one document."""

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from service.domain.documents import ColumnName, Document, Line

#: Text of a cell; the pattern also refuses halves of characters, which have no UTF-8.
Category = Annotated[str, StringConstraints(pattern=r"^[^\x00]*$")]
Value = float | int | Category | bool | None
Explain = Literal["edges", "features", "none"]
Link = Literal["identity", "logit", "softmax"]
WarningCode = Literal["out_of_domain", "unseen_category"]


class PredictionRequest(Document):
    """Rows to predict: one object per row, one field per input feature."""

    rows: Annotated[tuple[dict[ColumnName, Value], ...], Field(min_length=1, strict=False)]
    explain: Explain = "edges"


class ClassProbability(Document):
    """The probability of one outcome."""

    outcome: str
    probability: float


class Output(Document):
    """The output on the link scale, where contributions add up, and on the response scale."""

    link: float
    response: float
    outcome: str | None = Field(None, description="The outcome that link and response speak of (classification).")
    probabilities: tuple[ClassProbability, ...] = ()


class FeatureContribution(Document):
    """What a feature adds to the output minus the base value."""

    feature: str
    value: Value
    contribution: float
    standard_error: float = 0.0


class EdgeContribution(Document):
    """What an edge adds; the contributions of each layer sum to the output minus the base value."""

    edge: str
    source: str
    target: str
    input: Value
    activation: float
    contribution: float
    form: Literal["spline", "symbolic", "table", "zero"]
    in_domain: bool


class Reason(Document):
    """A ranked reason for the output, in words."""

    rank: int
    code: str
    text: str
    contribution: float


class PredictionWarning(Document):
    """Something that the reader of the prediction must know."""

    code: WarningCode
    feature: str


class Identity(Document):
    """How exactly the contributions add up, over all layers of this row."""

    max_abs_residual: float
    tolerance: float


class Prediction(Document):
    """One decision record."""

    id: str
    output: Output
    base_value: float
    reference: str
    method: Literal["edge_flow"] = "edge_flow"
    features: tuple[FeatureContribution, ...] = ()
    edges: tuple[EdgeContribution, ...] = ()
    reasons: tuple[Reason, ...] = ()
    warnings: tuple[PredictionWarning, ...] = ()
    identity: Identity


class Predictions(Document):
    """The answer to a prediction call."""

    model: str
    version: int
    digest: str
    link: Link
    trial: bool = Field(False, description="Made on a version that is not approved, for its review only.")
    predictions: tuple[Prediction, ...]


class StoredPrediction(Document):
    """A decision record as it is looked up."""

    model: str
    version: int
    digest: str
    link: Link
    trial: bool
    row: dict[str, Value]
    prediction: Prediction
    record_digest: str
    created_at: str
    created_by: Line


class Replay(Document):
    """A stored prediction recomputed from the stored artifact."""

    id: str
    identical: bool
    stored_digest: str
    replayed_digest: str
