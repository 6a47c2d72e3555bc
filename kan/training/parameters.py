"""The numbers of a network that training may change, as one vector.

Order: layer by layer the weights in use, the biases, the free coefficients of symbolic edges. Where an edge is held to
a shape (`kan.constraints`), its spline coefficients c have coordinates θ with c = T·θ and bounds θ ≥ 0.
"""

import math
from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from kan.bspline import greville
from kan.constraints import coordinates
from kan.layer import LEARNED, SYMBOLIC, Layer
from kan.network import Network


@dataclass(frozen=True, eq=False)
class Place:
    """Where one layer's numbers stand in the vector; unused weights point behind its end.

    Weights of `used` belong to the feature `columns` and the `targets`; without targets every output uses all of the
    columns. `bent` are the targets of the free coefficients.
    """

    weights: slice
    bias: slice
    coefficients: slice
    used: Int[Tensor, " used"]
    positions: Int[Tensor, "outputs inputs width"]
    free: Bool[Tensor, "symbolic 3"]
    columns: Int[Tensor, " columns"]
    targets: Int[Tensor, " used"] | None
    bent: Int[Tensor, " coefficients"]


@dataclass(frozen=True, eq=False)
class Bounds:
    """Coordinates of the coefficients that are held to a shape: where they stand, T, and which are at least 0."""

    index: Int[Tensor, " held"]
    transform: Float[Tensor, "held held"]
    bounded: Bool[Tensor, " held"]


class Parameters:
    """A view of a network's trainable numbers; it is made anew after every change of knots, forms or edges."""

    def __init__(self, network: Network) -> None:
        """Find the weights in use."""
        self.network = network
        self.places: list[Place] = []
        size = 0
        for position in range(len(network.layers)):
            place = _place(network.layer(position), size)
            self.places.append(place)
            size = place.coefficients.stop
        self.size = size
        self.padded = [torch.where(one.positions < 0, size, one.positions) for one in self.places]
        self.bounds = self._bounds()

    @torch.no_grad()
    def read(self) -> Float[Tensor, " parameters"]:
        """Return a copy of the numbers."""
        parts = []
        for layer, place in self._layers():
            parts += [layer.weights.flatten()[place.used], layer.bias, layer.coefficients[place.free]]
        return torch.cat(parts).clone()

    @torch.no_grad()
    def write(self, values: Float[Tensor, " parameters"]) -> None:
        """Put other numbers into the network."""
        for layer, place in self._layers():
            layer.weights.view(-1)[place.used] = values[place.weights]
            layer.bias.copy_(values[place.bias])
            layer.coefficients[place.free] = values[place.coefficients]

    def scattered(self, blocks: list[Tensor]) -> Float[Tensor, "parameters parameters"]:
        """Return the block-diagonal matrix of one (outputs, inputs, width, width) block of edges per layer."""
        like = blocks[0]
        matrix = torch.zeros(self.size + 1, self.size + 1, dtype=like.dtype, device=like.device)
        for block, positions in zip(blocks, self.padded, strict=True):
            at = positions.flatten(0, 1)
            matrix.index_put_((at.unsqueeze(2), at.unsqueeze(1)), block.flatten(0, 1))
        return matrix[: self.size, : self.size]

    def gathered(self, matrix: Float[Tensor, "parameters parameters"]) -> list[Tensor]:
        """Return the (outputs, inputs, width, width) blocks of edges of a matrix, 0 where a weight is not in use."""
        framed = torch.nn.functional.pad(matrix, (0, 1, 0, 1))
        return [framed[at.unsqueeze(3), at.unsqueeze(2)] for at in self.padded]

    def _layers(self) -> list[tuple[Layer, Place]]:
        return [(self.network.layer(position), place) for position, place in enumerate(self.places)]

    def _bounds(self) -> Bounds | None:
        indices, transforms, bounded = [], [], []
        for layer, place in self._layers():
            sites = greville(layer.knots, layer.degree)
            for target, source in layer.shapes.nonzero().tolist():
                if int(layer.kinds[target, source]) == SYMBOLIC:
                    # A formula of the right shape keeps it as long as its factor c does not change sign.
                    sign, index = (
                        math.copysign(1.0, layer.forms[target, source].c),
                        _factor(layer, place, (target, source)),
                    )
                    indices.append(index)
                    transforms.append(sign * torch.eye(len(index), dtype=sites.dtype, device=sites.device))
                    bounded.append(torch.ones(len(index), dtype=torch.bool, device=sites.device))
                if int(layer.kinds[target, source]) != LEARNED or layer.frozen[target, source]:
                    continue
                shape, own = int(layer.shapes[target, source]), sites[layer.numeric.index(source)]
                transform, least = coordinates(shape, own)
                indices.append(place.positions[target, source, 1 : layer.functions + 1])
                transforms.append(transform)
                bounded.append(least)
        if not indices:
            return None
        return Bounds(torch.cat(indices), torch.block_diag(*transforms), torch.cat(bounded))


def _place(layer: Layer, start: int) -> Place:
    learned = layer.mask * ~layer.frozen.unsqueeze(2)
    used = learned.flatten().nonzero().flatten()
    positions = torch.full((layer.mask.numel(),), -1, dtype=torch.long, device=used.device)
    positions[used] = start + torch.arange(len(used), device=used.device)
    weights = slice(start, start + len(used))
    bias = slice(weights.stop, weights.stop + layer.out_features)
    free = layer.free_coefficients()
    coefficients = slice(bias.stop, bias.stop + int(free.sum()))
    columns, targets = _columns_and_targets(learned.flatten(1) > 0, used)
    ends = torch.tensor([target for target, _ in layer.forms], dtype=torch.long, device=used.device)
    bent = ends[free.nonzero()[:, 0]]
    positions = positions.view(layer.mask.shape)
    return Place(weights, bias, coefficients, used, positions, free, columns, targets, bent)


def _columns_and_targets(
    rows: Bool[Tensor, "outputs features"], used: Int[Tensor, " used"]
) -> tuple[Tensor, Tensor | None]:
    """Return the feature and the target of every weight in use; if all targets use the same, these and no targets."""
    if bool((rows == rows[0]).all()):
        return rows[0].nonzero().flatten(), None
    return used % rows.shape[1], used // rows.shape[1]


def _factor(layer: Layer, place: Place, edge: tuple[int, int]) -> Int[Tensor, " factor"]:
    """Return where the c of a symbolic edge stands; nowhere where it is fixed."""
    position = list(layer.forms).index(edge)
    before = int(place.free[:position].sum() + place.free[position, :2].sum())
    found = [place.coefficients.start + before] if bool(place.free[position, 2]) else []
    return torch.tensor(found, dtype=torch.long, device=place.used.device)
