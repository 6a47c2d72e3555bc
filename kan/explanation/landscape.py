"""Scores of all rows that a row may become, fast: the first layer is a table of what every option adds to every node.

Symbols: `options` of a feature, option 0 the present value; a point is one option per adjustable feature.
"""

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import torch
from jaxtyping import Float
from torch import Tensor

from kan.explanation.goals import Aim
from kan.explanation.knapsack import Item
from kan.explanation.options import Options

Numbers = npt.NDArray[np.float64]
Point = npt.NDArray[np.intp]


class Landscape:
    """The score of an aim at all points around a row; `scored` counts how many were computed."""

    def __init__(self, aim: Aim, row: Float[Tensor, " features"], options: Sequence[Options]) -> None:
        """Fill the table of the first layer."""
        self.aim, self.row, self.options = aim, row, list(options)
        self.costs = [one.costs for one in options]
        self.scored = 0
        layer = aim.model.network.layer(0)
        values = row.repeat(max((len(one.values) for one in options), default=1), 1)
        for one in options:
            values[: len(one.values), one.position] = torch.from_numpy(one.values)
        with torch.no_grad():
            activations = layer.activations(values)
            self._start = layer.node_values(activations[:1])[0]
        self._added = [
            activations[: len(one.values), :, one.position] - activations[0, :, one.position] for one in options
        ]

    @property
    def staying(self) -> Point:
        """The row itself."""
        return np.zeros(len(self.options), dtype=np.intp)

    @property
    def all_options(self) -> list[Point]:
        """Every option of every feature."""
        return [np.arange(len(costs)) for costs in self.costs]

    def changed(self, point: Point) -> Float[Tensor, "1 features"]:
        """Return the row that a point stands for."""
        row = self.row.clone()
        for one, option in zip(self.options, point, strict=True):
            row[one.position] = float(one.values[option])
        return row.unsqueeze(0)

    def cost(self, point: Point) -> float:
        """Return what a point costs."""
        return math.fsum(float(costs[option]) for costs, option in zip(self.costs, point, strict=True))

    def score(self, point: Point) -> float:
        """Return the score of a point; NaN where the network has no finite value."""
        return float(self._scores(self._nodes(point).unsqueeze(0))[0])

    def curve(self, point: Point, feature: int, options: Point) -> Numbers:
        """Return the scores when one feature takes each of some options and the others stay."""
        added = self._added[feature]
        return self._scores(self._nodes(point) - added[point[feature]] + added[options])

    def items(self, point: Point, options: Sequence[Point]) -> list[Item]:
        """Return the costs of some options of every feature, and what they add to a score when the others stay."""
        here = self.score(point)
        return [
            Item(self.costs[feature][tried], self.curve(point, feature, tried) - here)
            for feature, tried in enumerate(options)
        ]

    def surface(self, point: Point, one: int, other: int, options: tuple[Point, Point]) -> Numbers:
        """Return the scores when two features take some options each, one feature per axis."""
        first, second = self._added[one], self._added[other]
        nodes = self._nodes(point) - first[point[one]] - second[point[other]]
        grid = nodes + first[options[0]].unsqueeze(1) + second[options[1]].unsqueeze(0)
        return self._scores(grid.flatten(0, 1)).reshape(len(options[0]), len(options[1]))

    def _nodes(self, point: Point) -> Float[Tensor, " nodes"]:
        nodes = self._start
        for added, option in zip(self._added, point, strict=True):
            nodes = nodes + added[option]
        return nodes

    @torch.no_grad()
    def _scores(self, nodes: Float[Tensor, "points nodes"]) -> Numbers:
        self.scored += len(nodes)
        network = self.aim.model.network
        for position in range(1, len(network.layers)):
            nodes = network.layer(position)(nodes)
        scores: Numbers = self.aim.score(nodes).numpy()
        return scores
