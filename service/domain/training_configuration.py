"""How a version is trained: everything that, with the dataset, determines its bytes."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from service.domain.documents import ColumnName, Document
from service.domain.feature_schema import Direction

Optimizer = Literal["auto", "gauss_newton", "adam", "lbfgs"]
Width = Annotated[int, Field(ge=1, le=64)]
Hidden = Annotated[tuple[Width, ...], Field(max_length=4, strict=False)]
GridSize = Annotated[int, Field(ge=1, le=50)]
Degree = Annotated[int, Field(ge=1, le=5)]
Tolerance = Annotated[float, Field(ge=0, lt=1)]
MaximumEdges = Annotated[int, Field(ge=1, le=10_000)]
Seed = Annotated[int, Field(ge=0, le=2**31 - 1)]


class TrainingConfiguration(Document):
    """Settings of one training; the defaults suit tables of some hundred to some ten thousand rows."""

    target: ColumnName | None = Field(None, description="Column to predict; the dataset's target when not given.")
    positive_class: str | None = Field(
        None, max_length=200, description="The outcome whose probability is predicted, for two classes."
    )
    inputs: Annotated[tuple[ColumnName, ...], Field(max_length=1000, strict=False)] | None = Field(
        None, description="Input columns; all that are neither target nor protected when not given."
    )
    hidden: Hidden = Field((), description="Widths of the hidden layers; none gives an additive model.")
    grid_size: GridSize = Field(
        10, description="Spline intervals per edge (G); smoothing decides how much of them is used."
    )
    degree: Degree = Field(3, description="Spline degree (k).")
    monotone: Annotated[dict[ColumnName, Direction], Field(max_length=1000)] | None = Field(
        None,
        description="Direction by input: over the range of the training data, the predicted quantity or the "
        "probability of the positive class never moves against it. The dataset's directions when not given; an empty "
        "object for none.",
    )
    optimizer: Optimizer = Field(
        "auto", description="How the network is found; auto takes gauss_newton where its matrix fits, else adam."
    )
    steps: int | None = Field(
        None, ge=1, le=5000, description="Most optimiser steps per stage; the engine's own when null."
    )
    tolerance: Tolerance = Field(
        0.01,
        description="Share of what the model explains beyond a constant that may be lost for fewer edges.",
    )
    maximum_edges: MaximumEdges | None = Field(
        40,
        description="Keep at most this many edges, whatever it costs; null lets the tolerance alone decide.",
    )
    symbolify: bool = Field(True, description="Snap edges to symbolic forms where they fit, then refit.")
    formula_tolerance: Tolerance = Field(
        0.005,
        description="Share of what the model explains beyond a constant that may be lost for formulas.",
    )
    test_fraction: float = Field(0.2, ge=0.05, le=0.5, description="Share of rows held out to measure the version.")
    seed: Seed = Field(0, description="Seed of the split and the training.")

    @model_validator(mode="after")
    def _inputs_are_distinct(self) -> "TrainingConfiguration":
        if self.inputs is not None and len(set(self.inputs)) != len(self.inputs):
            raise ValueError("a column is named twice in 'inputs'")
        return self


class Progress(Document):
    """Where a training is: one event of its progress stream."""

    stage: Literal["data", "fit", "prune", "refit", "symbolify", "evaluate", "score", "replay"]
    step: int
    steps: int = Field(description="The most steps that the stage may take; it ends earlier once nothing is gained.")
    loss: float | None = None
    validation_loss: float | None = None
    active_edges: int | None = None
    optimizer: str | None = None
    damping: float | None = Field(None, description="How far a second-order step is held back; 0 is a full step.")
    grid_size: int | None = Field(None, description="Spline intervals of the finest layer: grids grow on the way.")
    seconds: float | None = Field(None, description="Time since the stage began.")
    remaining_seconds: float | None = Field(
        None,
        description="A guess of the time until the stage ends: at its pace so far, with all its steps.",
    )


class Metric(Document):
    """One number measured on held-out rows."""

    name: str
    value: float
    rows: int
    better: Literal["higher", "lower"]
    lower: float | None = Field(None, description="95 % bootstrap interval; null in versions of before.")
    upper: float | None = None


class CalibrationBin(Document):
    """Held-out rows of similar predicted probability: what was said, and what happened."""

    rows: int
    least: float = Field(description="The smallest predicted probability in the bin.")
    most: float
    predicted: float = Field(description="Mean predicted probability.")
    observed: float = Field(description="Share of the positive class.")
    lower: float = Field(description="95 % Wilson interval of the observed share.")
    upper: float
