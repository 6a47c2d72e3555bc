"""Sweeps: one training for every combination of some settings, and which of the results nothing else beats.

Pareto front: V. Pareto, "Manuale di economia politica" (1906); a point is on it unless another one is at least as good
in everything and better in something.
"""

import math
from collections.abc import Sequence
from itertools import product
from typing import Annotated, Any, Literal, TypeVar

from pydantic import Field

from service.domain.documents import Document, Identifier, Slug, Text
from service.domain.lifecycle import JobState
from service.domain.training_configuration import (
    Degree,
    GridSize,
    Hidden,
    MaximumEdges,
    Metric,
    Optimizer,
    Seed,
    Tolerance,
    TrainingConfiguration,
)
from service.errors import SweepTooLarge, SweepValueRepeated, SweepWithoutValues

MAXIMUM_COMBINATIONS = 256
#: What is minimised on held-out rows: of classes, or of quantities.
LOSSES = ("log_loss", "rmse")

Value = TypeVar("Value")
Values = Annotated[tuple[Value, ...], Field(max_length=MAXIMUM_COMBINATIONS, strict=False)]
Size = Literal["active_edges", "complexity"]


class SweepGrid(Document):
    """Lists of values by setting; a setting without a list keeps its value of the base configuration."""

    hidden: Values[Hidden] | None = None
    grid_size: Values[GridSize] | None = None
    degree: Values[Degree] | None = None
    optimizer: Values[Optimizer] | None = None
    tolerance: Values[Tolerance] | None = None
    maximum_edges: Values[MaximumEdges | None] | None = None
    formula_tolerance: Values[Tolerance] | None = None
    seed: Values[Seed] | None = Field(None, description="Another seed holds other rows out, too.")


class SweepRequest(Document):
    """What to train, on what, with which combinations, and why."""

    model: Slug
    dataset_id: Identifier
    configuration: TrainingConfiguration = TrainingConfiguration()
    grid: SweepGrid
    message: Text = ""
    priority: int = Field(0, ge=-100, le=100, description="Jobs with a higher number are begun earlier.")


class SweepCandidate(Document):
    """One combination and what became of it."""

    position: int
    settings: dict[str, Any] = Field(description="The values of the settings that the sweep varies.")
    job_id: str
    state: JobState
    version: int | None
    loss: float | None = Field(description="On held-out rows: log loss of classes, RMSE of a quantity.")
    metrics: tuple[Metric, ...]
    active_edges: int | None
    complexity: int | None
    on_front: bool = Field(
        description="Whether no other candidate is at least as good in loss, edges and complexity, and better in one."
    )


def combinations(configuration: TrainingConfiguration, grid: SweepGrid) -> tuple[TrainingConfiguration, ...]:
    """Every combination of the listed values, the last setting varying fastest; raises a leaf of InvalidSweep."""
    lists = varied(grid)
    if not lists:
        raise SweepWithoutValues(None)
    for setting, values in lists.items():
        if not values:
            raise SweepWithoutValues(setting)
        for position, value in enumerate(values):
            if value in values[:position]:
                raise SweepValueRepeated(setting, position)
    count = math.prod(len(values) for values in lists.values())
    if count > MAXIMUM_COMBINATIONS:
        raise SweepTooLarge(count, MAXIMUM_COMBINATIONS)
    return tuple(
        configuration.model_copy(update=dict(zip(lists, chosen, strict=True))) for chosen in product(*lists.values())
    )


def varied(grid: SweepGrid) -> dict[str, tuple[Any, ...]]:
    """The lists by setting, without the settings that have none."""
    return {name: values for name in SweepGrid.model_fields if (values := getattr(grid, name)) is not None}


def held_out_loss(metrics: Sequence[Metric]) -> float | None:
    """The metric that is minimised, None where there are no metrics."""
    return next((metric.value for metric in metrics if metric.name in LOSSES), None)


def pareto_front(points: Sequence[tuple[float, ...]]) -> frozenset[int]:
    """Positions of the points that no other point dominates, less being better in every coordinate."""
    return frozenset(
        position for position, point in enumerate(points) if not any(_dominates(other, point) for other in points)
    )


def _dominates(one: tuple[float, ...], other: tuple[float, ...]) -> bool:
    return one != other and all(mine <= theirs for mine, theirs in zip(one, other, strict=True))
