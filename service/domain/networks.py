"""A network as it is shown: nodes, edges, forms, candidates, curves."""

from typing import Literal

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


class Network(Document):
    """All that the picture of a version needs."""

    shape: tuple[int, ...]
    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]
    edges_before_pruning: int
    spread_meaning: str


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
