"""How a version is trained: everything that, with the dataset, determines its bytes."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from service.domain.documents import ColumnName, Document

Width = Annotated[int, Field(ge=1, le=64)]


class TrainingConfiguration(Document):
    """Settings of one training; the defaults suit tables of some hundred to some ten thousand rows."""

    target: ColumnName | None = Field(None, description="Column to predict; the dataset's target when not given.")
    positive_class: str | None = Field(
        None, max_length=200, description="The outcome whose probability is predicted, for two classes."
    )
    inputs: Annotated[tuple[ColumnName, ...], Field(max_length=1000, strict=False)] | None = Field(
        None, description="Input columns; all that are neither target nor protected when not given."
    )
    hidden: Annotated[tuple[Width, ...], Field(max_length=4, strict=False)] = Field(
        (), description="Widths of the hidden layers; none gives an additive model."
    )
    grid_size: int = Field(5, ge=1, le=50, description="Spline intervals per edge (G).")
    degree: int = Field(3, ge=1, le=5, description="Spline degree (k).")
    steps: int = Field(300, ge=1, le=5000, description="Most optimiser steps per stage.")
    sparsity: float | None = Field(
        None,
        ge=0,
        le=10,
        description="Weight of the L1 and entropy penalty on activations; the engine's own when null.",
    )
    maximum_edges: int | None = Field(
        40, ge=1, le=10_000, description="Prune to at most this many active edges; null keeps all above the threshold."
    )
    symbolify: bool = Field(True, description="Snap edges to symbolic forms where they fit, then refit.")
    minimum_r2: float = Field(0.99, gt=0, le=1, description="Fit that a symbolic form must reach to replace a spline.")
    test_fraction: float = Field(0.2, ge=0.05, le=0.5, description="Share of rows held out to measure the version.")
    seed: int = Field(0, ge=0, le=2**31 - 1, description="Seed of the split and the training.")

    @model_validator(mode="after")
    def _inputs_are_distinct(self) -> "TrainingConfiguration":
        if self.inputs is not None and len(set(self.inputs)) != len(self.inputs):
            raise ValueError("a column is named twice in 'inputs'")
        return self


class Progress(Document):
    """Where a training is: one event of its progress stream."""

    stage: Literal["data", "fit", "prune", "refit", "symbolify", "evaluate"]
    step: int
    steps: int
    loss: float | None = None
    validation_loss: float | None = None
    active_edges: int | None = None


class Metric(Document):
    """One number measured on held-out rows."""

    name: str
    value: float
    rows: int
    better: Literal["higher", "lower"]
