"""Bounds of nodes and of slopes over boxes of inputs, many boxes at a time.

Nodes are bounded by lines carried backwards from the output (H. Zhang et al., "Efficient neural network robustness
certification with general activation functions", 2018). In a KAN the edges that leave a node add up to one function of
that node before it is bounded by a line, and in the first layer to one function of a feature, whose maximum is found
piece by piece: nothing is lost to features that are shared. Slopes are bounded by the chain rule over intervals.

Symbols: a coefficients of a sum of nodes, α slope of a bounding line, D bounds of the slopes of an output by the nodes.
"""

from collections.abc import Sequence

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from kan.certification.axes import Axes, Boxes, feature_axes, node_axes
from kan.certification.pieces import EdgePieces, edge_pieces
from kan.features import Feature
from kan.network import Network
from kan.symbolic.intervals import ROUNDING, Interval

TERMS = 8  # roundings of one term of a sum, counted generously
FLAT = 1e-12  # length of an interval of a node, as share of its range, on which no chord is drawn


class NetworkBounds:
    """What is proved of a network on its features' domains, prepared once."""

    def __init__(self, network: Network, features: Sequence[Feature]) -> None:
        """Cut all inputs into pieces, layer by layer; nodes behind an undefined edge are not bounded."""
        self.layers: list[tuple[Axes, EdgePieces]] = []
        self.root: list[Interval] = []
        axes = feature_axes(network.layer(0), features)
        self.features = axes
        for position in range(len(network.layers)):
            if position > 0:
                ends = zip(self.root[-1].lower[0].tolist(), self.root[-1].upper[0].tolist(), strict=True)
                axes = node_axes(network.layer(position), list(ends))
            pieces = edge_pieces(network.layer(position), axes)
            self.layers.append((axes, pieces))
            if not pieces.is_defined:
                break
            self.root.append(self._nodes(self.features.whole(), self.root, position))

    @property
    def is_defined(self) -> bool:
        """Whether every node is proved to be defined."""
        return len(self.root) == len(self.layers)

    def moves(self, source: int) -> bool:
        """Return whether any edge of a feature is not flat."""
        pieces = self.layers[0][1]
        return bool((pieces.slope_lower[:, source] != 0).any() | (pieces.slope_upper[:, source] != 0).any())

    def nodes(self, boxes: Boxes) -> list[Interval]:
        """Return bounds of all nodes behind the inputs, layer by layer."""
        found: list[Interval] = []
        for position in range(len(self.layers)):
            one, root = self._nodes(boxes, found, position), self.root[position]
            lower, upper = (torch.clamp(end, root.lower, root.upper) for end in (one.lower, one.upper))
            found.append(Interval(lower, upper))
        return found

    def _nodes(self, boxes: Boxes, nodes: Sequence[Interval], position: int) -> Interval:
        count = len(self.layers[position][1].bias)
        every = torch.cat([torch.eye(count, dtype=torch.float64), -torch.eye(count, dtype=torch.float64)])
        upper = self.upper(boxes, nodes, position, every.expand(len(boxes), -1, -1))[0]
        return Interval(-upper[:, count:], upper[:, :count])

    def upper(
        self, boxes: Boxes, nodes: Sequence[Interval], position: int, a: Float[Tensor, "boxes sums targets"]
    ) -> tuple[Float[Tensor, "boxes sums"], Int[Tensor, "boxes sums inputs"]]:
        """Return upper bounds of sums of the targets of a layer, and the pieces of the features where these are high.

        `nodes` are the bounds of all hidden nodes before.
        """
        total, size = a.new_zeros(a.shape[:2]), a.new_zeros(a.shape[:2])
        for at in range(position, 0, -1):
            axes, pieces = self.layers[at]
            total, size = total + a @ pieces.bias, size + a.abs() @ pieces.bias.abs()
            size = size + (a.abs() @ pieces.size(axes)).sum(dim=2)
            top, a = _under_lines(axes, pieces, nodes[at - 1], a)
            total = total + top.sum(dim=2)
            size = size + (a.abs() * torch.maximum(axes.lower.abs(), axes.upper.abs()).amax(dim=1)).sum(dim=2)
        axes, pieces = self.layers[0]
        total, size = total + a @ pieces.bias, size + a.abs() @ pieces.bias.abs()
        size = size + (a.abs() @ pieces.size(axes)).sum(dim=2)
        reach = (axes.upper - axes.lower) / 2 * (1 + ROUNDING)
        top = _highest(*_summed(pieces, a), -reach, reach)
        highest = top.masked_fill(~axes.inside(boxes).unsqueeze(1), -torch.inf).max(dim=3)
        terms = TERMS * (len(self.layers) + sum(len(one.bias) for _, one in self.layers) + len(axes.counts))
        return total + highest.values.sum(dim=2) + size * (terms * ROUNDING), highest.indices

    def sensitivities(self, nodes: Sequence[Interval], output: int) -> Interval:
        """Return bounds of the slopes of an output by the nodes behind the first layer."""
        unit = nodes[-1].lower.new_zeros(nodes[-1].lower.shape)
        unit[:, output] = 1.0
        found = Interval(unit, unit)
        for at in range(len(self.layers) - 1, 0, -1):
            axes, pieces = self.layers[at]
            lower, upper = _chained(found, pieces.slope_lower, pieces.slope_upper)
            met = _met(axes, nodes[at - 1])
            found = Interval(
                lower.masked_fill(~met, torch.inf).amin(dim=2), upper.masked_fill(~met, -torch.inf).amax(dim=2)
            )
        return found

    def slopes(self, boxes: Boxes, sensitivities: Interval, source: int) -> tuple[Interval, Int[Tensor, "2 boxes"]]:
        """Return bounds of the slope by a numeric feature, and the pieces with the lowest and the highest bound.

        A box without a number of the feature has no slope: its bounds are ∞ and −∞.
        """
        axes, pieces = self.layers[0]
        edge = slice(source, source + 1)
        lower, upper = _chained(sensitivities, pieces.slope_lower[:, edge], pieces.slope_upper[:, edge])
        inside = (axes.inside(boxes) & axes.is_number())[:, source]
        least = lower[:, 0].masked_fill(~inside, torch.inf).min(dim=1)
        most = upper[:, 0].masked_fill(~inside, -torch.inf).max(dim=1)
        return Interval(least.values, most.values), torch.stack([least.indices, most.indices])


def _met(axes: Axes, nodes: Interval) -> Bool[Tensor, "boxes inputs pieces"]:
    """Return which pieces the bounds of a node meet; never none."""
    is_piece = torch.arange(axes.lower.shape[1]) < axes.counts.unsqueeze(1)
    return (axes.upper >= nodes.lower.unsqueeze(2)) & (axes.lower <= nodes.upper.unsqueeze(2)) & is_piece


def _summed(pieces: EdgePieces, a: Float[Tensor, "boxes sums targets"]) -> tuple[Tensor, Tensor, Tensor]:
    """Return value with error, slope and bend of Σ_j a_j · φ[j,i] on every piece."""
    value = torch.einsum("bko,oip->bkip", a, pieces.value) + torch.einsum("bko,oip->bkip", a.abs(), pieces.error)
    return value, torch.einsum("bko,oip->bkip", a, pieces.slope), torch.einsum("bko,oip->bkip", a, pieces.bend)


def _highest(value: Tensor, slope: Tensor, bend: Tensor, left: Tensor, right: Tensor) -> Tensor:
    """Return the largest value of parabolas between left and right."""

    def at(t: Tensor) -> Tensor:
        return value + t * (slope + t * (bend / 2))

    vertex = torch.where(bend < 0, -slope / bend, left).clamp(left, right)
    return torch.maximum(torch.maximum(at(left), at(right)), at(vertex))


def _under_lines(
    axes: Axes, pieces: EdgePieces, nodes: Interval, a: Float[Tensor, "boxes sums targets"]
) -> tuple[Float[Tensor, "boxes sums inputs"], Float[Tensor, "boxes sums inputs"]]:
    """Return what Σ_j a_j · φ[j,i] exceeds a line α·x by at most, for every input between its bounds, and α.

    α is the slope of the chord; every α would be right.
    """
    value, slope, bend = _summed(pieces, a)
    met, middle = _met(axes, nodes), axes.middle
    lower, upper = nodes.lower.unsqueeze(2), nodes.upper.unsqueeze(2)
    left, right = torch.clamp(axes.lower, lower, upper) - middle, torch.clamp(axes.upper, lower, upper) - middle
    places = met.long()
    first, last = places.argmax(dim=2), met.shape[2] - 1 - places.flip(2).argmax(dim=2)
    ends = [_at(value, slope, bend, offset, place) for offset, place in ((left, first), (right, last))]
    length = (nodes.upper - nodes.lower).unsqueeze(1)
    is_flat = length <= FLAT * (axes.upper.amax(dim=1) - axes.lower.amin(dim=1))
    own = _picked(slope, first)
    alpha = torch.where(is_flat, own, (ends[1] - ends[0]) / torch.where(is_flat, 1.0, length))
    tilt = alpha.unsqueeze(3)
    top = _highest(value - tilt * middle, slope - tilt, bend, left.unsqueeze(1), right.unsqueeze(1))
    return top.masked_fill(~met.unsqueeze(1), -torch.inf).amax(dim=3), alpha


def _at(value: Tensor, slope: Tensor, bend: Tensor, offset: Tensor, place: Int[Tensor, "boxes inputs"]) -> Tensor:
    t = _picked(offset.unsqueeze(1), place)
    return _picked(value, place) + t * (_picked(slope, place) + t * (_picked(bend, place) / 2))


def _picked(numbers: Float[Tensor, "boxes sums inputs pieces"], place: Int[Tensor, "boxes inputs"]) -> Tensor:
    index = place.unsqueeze(1).unsqueeze(3).expand(-1, numbers.shape[1], -1, -1)
    return numbers.gather(3, index).squeeze(3)


def _chained(
    sensitivities: Interval,
    lower: Float[Tensor, "targets inputs pieces"],
    upper: Float[Tensor, "targets inputs pieces"],
) -> tuple[Float[Tensor, "boxes inputs pieces"], Float[Tensor, "boxes inputs pieces"]]:
    """Return bounds of Σ_j D_j · φ′[j,i] on every piece; 0 times an unknown slope is 0, and signs survive rounding."""
    ends = [
        (end[:, :, None, None] * slope).nan_to_num(nan=0.0, posinf=torch.inf, neginf=-torch.inf)
        for end in (sensitivities.lower, sensitivities.upper)
        for slope in (lower, upper)
    ]
    products = torch.stack(ends)
    least, most = products.amin(dim=0), products.amax(dim=0)
    share = TERMS * (len(lower) + 1) * ROUNDING
    return least.sum(dim=1) - share * least.abs().sum(dim=1), most.sum(dim=1) + share * most.abs().sum(dim=1)
