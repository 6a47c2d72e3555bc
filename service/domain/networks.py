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
    r2: float | None = None
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


class Network(Document):
    """All that the picture of a version needs, and the stages that led to it."""

    shape: tuple[int, ...]
    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]
    edges_before_pruning: int
    spread_meaning: str
    stages: tuple[TrainingStage, ...]


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
    spread: float
    domain: tuple[float, float] | None
    categories: tuple[str, ...]
    value_when_missing: float | None
    degree: int | None
    grid_size: int | None
    candidates: tuple[Candidate, ...]


class Formula(Document):
    """The whole network in closed form, as far as its edges have one."""

    latex: str
    text: str
    spline_edges: tuple[str, ...]
