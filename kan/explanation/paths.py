"""Path flow: the share of every path of edges from a feature to an output.

A path takes one edge of every layer. With the mean slopes of edge flow (`kan.explanation.edge_flow`), between a row x
and a reference row x′, its share is

    C[i0,…,iL] = Δφ[0,i1,i0] · Π_{l≥1} Δφ[l,i(l+1),il] / Δx[l,il],

so that the paths through an edge add up to the contribution of the edge, in every layer, and all paths to
f(x) − f(x′); over reference rows it is the mean.
"""

from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from kan.errors import IdentityViolated, InvalidSetting
from kan.explanation.edge_flow import TOLERANCE, TracedReference, mean_slopes, trace_reference
from kan.network import Network
from kan.prepared.network import PreparedTrace

MOST_PATHS = 10_000
BLOCK = 2**18  # numbers in the multipliers of all paths

Path = tuple[int, ...]


@dataclass(frozen=True, eq=False)
class PathFlow:
    """The contributions of all paths to one output of some rows; a path lists its nodes, the feature first."""

    outputs: Float[Tensor, " rows"]
    base_value: float
    paths: tuple[Path, ...]
    contributions: Float[Tensor, "rows paths"]
    residual: float


def path_flow(
    network: Network,
    x: Float[Tensor, "rows features"],
    reference: Float[Tensor, "reference features"] | TracedReference,
    *,
    output: int = 0,
) -> PathFlow:
    """Return the contribution of every path of active edges to one output, on the link scale.

    Raises what `edge_flow` raises, and InvalidSetting for a network with more than 10,000 paths to the output.
    """
    if not 0 <= output < network.shape[-1]:
        raise InvalidSetting("output", output, f"a whole number from 0 to {network.shape[-1] - 1}")
    background = reference if isinstance(reference, TracedReference) else trace_reference(network, reference)
    paths = _paths(background, output)
    if len(paths) > MOST_PATHS:
        raise InvalidSetting("network", f"{len(paths)} paths", f"a network with at most {MOST_PATHS} paths: prune it")
    traced = background.prepared.trace(x.detach().double().numpy())
    contributions, count = np.zeros((len(paths), len(x))), background.count
    step = max(1, BLOCK // (max(len(paths), 1) * min(count, BLOCK)))
    with np.errstate(all="ignore"):
        for start in range(0, len(x), step):
            rows = traced.rows(start, min(start + step, len(x)))
            found = _shares(background, rows, output)
            for place, path in enumerate(paths):
                contributions[place, start : start + step] = found[path]
    outputs, base_value = traced.outputs[output], float(np.add.reduce(background.traced.outputs[output])) / count
    residual = _residual(contributions, outputs - base_value)
    return PathFlow(torch.from_numpy(outputs.copy()), base_value, paths, torch.from_numpy(contributions).T, residual)


def _paths(background: TracedReference, output: int) -> tuple[Path, ...]:
    """Return all paths of active edges to an output, in order."""
    paths: list[Path] = [(output,)]
    for layer in reversed(background.prepared.layers):
        edges = list(zip(layer.edges.targets.tolist(), layer.edges.sources.tolist(), strict=True))
        paths = [(source, *path) for path in paths for target, source in edges if target == path[0]]
        if len(paths) > MOST_PATHS:
            break
    return tuple(sorted(paths))


def _shares(background: TracedReference, rows: PreparedTrace, output: int) -> dict[Path, Float[np.ndarray, " rows"]]:
    """Return the mean over the reference rows of every path's share."""
    everything = slice(0, background.count)
    multipliers: dict[Path, Float[np.ndarray, "rows reference"]] = {
        (output,): np.ones((rows.outputs.shape[1], background.count))
    }
    layers = background.prepared.layers
    for position in reversed(range(len(layers))):
        edges = layers[position].edges
        longer: dict[Path, Float[np.ndarray, "rows reference"]] = {}
        for target, group in layers[position].groups:
            known = [path for path in multipliers if path[0] == target]
            if not known:
                continue
            if position:
                steps = mean_slopes(background, rows, position, group, everything)
            else:
                steps = rows.values[0][group, :, None] - background.traced.values[0][group, None, :]
            for source, one in zip(edges.sources[group].tolist(), steps, strict=True):
                longer |= {(source, *path): multipliers[path] * one for path in known}
        multipliers = longer
    return {path: np.add.reduce(share, axis=1) / background.count for path, share in multipliers.items()}


def _residual(contributions: Float[np.ndarray, "paths rows"], difference: Float[np.ndarray, " rows"]) -> float:
    """Return the largest relative residual; raises IdentityViolated."""
    if not len(difference):
        return 0.0
    missed = np.abs(np.add.reduce(contributions, axis=0) - difference)
    residual = float((missed / np.maximum(np.abs(difference), 1.0)).max())
    if not residual <= TOLERANCE:
        raise IdentityViolated(0, residual, TOLERANCE)
    return residual
