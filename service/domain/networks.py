"""A network as it is shown: nodes, edges, forms, candidates, curves."""

from typing import Literal

from pydantic import Field

from service.domain.documents import Document

Form = Literal["spline", "symbolic", "table", "zero"]


class Node(Document):
    """A node of the network; layer 0 holds the features, the last layer the outputs."""

    id: str
    layer: int
    index: int
    name: str
    unit: str | None = None


class Sparkline(Document):
    """A small curve in relative coordinates from 0 to 1, for the picture of the network."""

    x: tuple[float, ...]
    y: tuple[float, ...]


class Edge(Document):
    """An active edge of the network."""

    edge: str
    layer: int
    source: str
    target: str
    form: Form
    spread: float
    r2: float | None = Field(None, description="Fit of a formula to the spline that it replaced.")
    stability: float | None = Field(
        None, description="Share of resamples of the rows in which the same function wins over its rivals."
    )
    tolerances: tuple[float, float] | None = Field(
        None, description="From which tolerance of loss to which one the same choice would have been made."
    )
    domain: tuple[float, float] | None = Field(
        description="Ends of the small curve, in the source's unit; null of a table."
    )
    sparkline: Sparkline


class TrainingStage(Document):
    """What one stage of a training came to, as the artifact records it."""

    stage: str
    optimizer: str | None = None
    steps: int = Field(description="Steps of the last run of the stage.")
    kept_step: int = Field(description="The step whose network was kept.")
    active_edges: int
    dispersion: float | None = Field(None, description="Estimated variance around the prediction; 1 for classes.")
    degrees_of_freedom: float | None = Field(
        None, description="How many free numbers the smoothed curves are worth; null where nothing was smoothed."
    )
    loss_before: float | None = Field(None, description="Mean loss before edges were removed.")
    loss_after: float | None = Field(None, description="Mean loss after it, on the same rows.")


class FormulaAgreement(Document):
    """How far the answers after a change of the network are from those before it, on rows that no training has seen."""

    rows: int
    rmse: float = Field(description="On the scale of the answer: the target's unit, or a probability.")
    largest: float
    largest_dense: float = Field(description="Over 10,000 points of the whole domain of the inputs.")
    flipped: float | None = Field(description="Share of rows decided otherwise at a probability of 0.5.")
    same_top: float | None = Field(description="Share of rows whose four largest contributions are the same features.")
    proved_link_bounds: tuple[float | None, ...] = Field(
        description="By output, what the difference on the link scale is proved not to exceed anywhere in the domain; "
        "null where nothing is proved."
    )


class Network(Document):
    """All that the picture of a version needs, and the stages that led to it."""

    shape: tuple[int, ...]
    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]
    edges_before_pruning: int
    spread_meaning: str
    stages: tuple[TrainingStage, ...]
    agreement: FormulaAgreement | None = Field(description="Formulas against the splines that they replaced.")
    parent_agreement: FormulaAgreement | None = Field(description="A revision against the version that it changed.")


class Candidate(Document):
    """A symbolic form that was fitted to an edge."""

    function: str
    parameters: tuple[float, float, float, float]
    latex: str
    text: str
    r2: float
    max_abs_deviation: float
    complexity: int
    in_force: bool


class EdgeDetail(Document):
    """One edge with all its numbers."""

    edge: str
    layer: int
    source: str
    target: str
    unit: str | None
    form: Form
    latex: str
    text: str
    python: str | None = Field(description="A formula as an expression of `x` that needs the module math.")
    sql: str | None = Field(description="A formula as an expression of its column, in the SQL of PostgreSQL.")
    spread: float
    domain: tuple[float, float] | None
    categories: tuple[str, ...]
    value_when_missing: float | None
    degree: int | None
    grid_size: int | None
    stability: float | None
    tolerances: tuple[float, float] | None = Field(
        description="From which tolerance of loss to which one the same choice would have been made."
    )
    rivals: tuple[str, ...] = Field(description="Functions that a formula was compared with inside the network.")
    candidates: tuple[Candidate, ...]


class Formula(Document):
    """The whole network in closed form, as far as its edges have one."""

    latex: str
    text: str
    complexity: int = Field(description="How much there is to read: functions by their weight, splines by their size.")
    spline_edges: tuple[str, ...]
