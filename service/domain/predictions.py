"""A prediction with its explanation: the answer and the stored decision record are this one document.

A record is hashed as it stands, so what records of an earlier release lack is left out of them, not null.
"""

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from service.domain.documents import ColumnName, Digest, Document, Line, Moment, Slug

#: Text of a cell; the pattern also refuses halves of characters, which have no UTF-8.
Category = Annotated[str, StringConstraints(pattern=r"^[^\x00]*$")]
Value = float | int | Category | bool | None
ChartKind = Literal["waterfall", "flow"]
Explain = Literal["edges", "features", "none"]
Link = Literal["identity", "logit", "softmax"]
#: Sums of edge contributions; or Shapley values in closed form, by enumeration, or from a sample.
Method = Literal["edge_flow", "shapley_additive", "shapley_exact", "shapley_sampled"]
FeatureMethod = Literal["auto", "shapley", "edge_flow"]
WarningCode = Literal["out_of_domain", "unseen_category"]
ReasonMethod = Literal["contribution", "points_below_maximum"]
AdverseOutcome = Literal["higher", "lower"]
Locale = Annotated[str, StringConstraints(pattern=r"^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$")]

#: Adverse action notices give up to four reasons.
MOST_REASONS = 4
#: Enough to try values by hand, too few to decide by answers that leave no record.
MOST_PREVIEWED_ROWS = 20


class PredictionRequest(Document):
    """Rows to predict: one object per row, one field per input feature."""

    rows: Annotated[tuple[dict[ColumnName, Value], ...], Field(min_length=1, strict=False)]
    explain: Explain = "edges"
    feature_method: FeatureMethod = Field(
        "auto",
        description="How contributions of features are found: as Shapley values, or as the sums of the contributions "
        "of their edges. `auto` takes Shapley values, but where they would have to be sampled and edges are explained "
        "anyway, the edges: sampling takes a thousand times as long.",
    )
    reference: Slug | None = Field(None, description="A reference of the version; its default one where none is named.")
    reason_method: ReasonMethod = Field(
        "contribution",
        description="How far a feature moves the output away from the reference, or (additive models only) how far "
        "its points are from the best that it could have.",
    )
    reason_count: int = Field(MOST_REASONS, ge=1, le=10, description="The most reasons that are given.")
    locale: Locale = Field("en", description="The language of the reasons, one of the dictionary's.")


class ReplayRequest(Document):
    """Which decision records of a model are meant; what is left away is not asked."""

    version: int | None = Field(None, ge=1, le=2**31 - 1)
    caller: Line | None = Field(None, description="Name with which the caller signs in, or whose key was used.")
    outcome: Line | None = Field(None, description="The outcome that the record speaks of (classification).")
    since: Moment | None = Field(None, description="Records from this moment on.")
    until: Moment | None = Field(None, description="Records before this moment.")


class PredictionSearch(ReplayRequest):
    """Which decision records are meant; what is left away is not asked."""

    model: Slug | None = None


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


class Interval(Document):
    """What holds the truth with a probability: an interval of the target's unit, or outcomes that are not ruled out.

    It was calibrated on rows that the version was not trained on; no outcome at all means that the row is unlike any.
    """

    coverage: float
    lower: float | None = None
    upper: float | None = None
    outcomes: tuple[str, ...] = ()


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
    contribution: float = Field(description="In a group the sum; by points below the maximum the distance from it.")
    features: tuple[str, ...] = Field((), exclude_if=lambda features: not features)


class ReasonRules(Document):
    """How the reasons of a record were found and worded."""

    method: ReasonMethod
    count: int
    locale: Locale
    adverse_outcome: AdverseOutcome | None
    dictionary: int | None = Field(description="Revision of the model's reason dictionary, null where it has none.")


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
    reference_revision: int | None = Field(None, exclude_if=lambda revision: revision is None)
    reference_digest: Digest | None = Field(None, exclude_if=lambda digest: digest is None)
    method: Method = Field("edge_flow", description="How the contributions of features were found.")
    features: tuple[FeatureContribution, ...] = ()
    edges: tuple[EdgeContribution, ...] = ()
    reasons: tuple[Reason, ...] = ()
    reason_rules: ReasonRules | None = Field(None, exclude_if=lambda rules: rules is None)
    warnings: tuple[PredictionWarning, ...] = ()
    identity: Identity
    interval: Interval | None = Field(
        None,
        exclude_if=lambda interval: interval is None,  # records of versions without one stay as they were
        description="Where the version is calibrated: what holds the truth in nine of ten cases.",
    )


class Predictions(Document):
    """The answer to a prediction call."""

    model: str
    version: int
    digest: str
    link: Link
    trial: bool = Field(False, description="Made on a version that is not approved, for its review only.")
    predictions: tuple[Prediction, ...]


class PredictionPreview(Document):
    """What a version would say, which nobody may decide by: it is not recorded."""

    output: Output
    base_value: float
    reference: str
    reference_revision: int | None
    method: Method
    features: tuple[FeatureContribution, ...]
    reasons: tuple[Reason, ...]
    warnings: tuple[PredictionWarning, ...]
    interval: Interval | None


class PredictionPreviews(Document):
    """The answer to a preview: one item per row."""

    model: str
    version: int
    digest: str
    link: Link
    previews: tuple[PredictionPreview, ...]


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
