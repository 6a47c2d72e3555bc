"""How far two models of one shape can be apart, such as formulas and the splines that they replaced, as certificates.

The proof is that of `kan.explanation.difference`; rows that come near to it are searched feature by feature.
"""

import time
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from kan.certification.axes import feature_axes
from kan.certification.certificate import DIFFERENCE, Certificate, Witness, output_unit, share
from kan.certification.points import as_row, outputs_at, values_of
from kan.certification.search import improved
from kan.errors import InvalidSetting, ShapeMismatch
from kan.explanation.difference import largest, proved_difference
from kan.explanation.fidelity import dense_rows
from kan.model import FittedModel, output_names
from kan.network import Network

SAMPLE = 4096  # quasi-random rows with which the search begins
NOT_PROVED = "A formula is not proved to be defined, or finite, on the whole domain."


@dataclass(frozen=True, eq=False)
class _Distance:
    """What an output of one network exceeds that of another by, or its negative."""

    before: Network
    after: Network
    output: int
    sign: int

    def at(self, x: Float[Tensor, "rows features"]) -> Float[Tensor, " rows"]:
        """Return the difference at points; what is not defined is no difference."""
        apart = outputs_at(self.after, x) - outputs_at(self.before, x)
        return (self.sign * apart[:, self.output]).nan_to_num(nan=-torch.inf)


def certify_difference(before: FittedModel, after: FittedModel, pieces: int = 1024) -> tuple[Certificate, ...]:
    """Return per output how far `after` is from `before` at most, with the rows where it was found to be farthest.

    More `pieces` make the bound tighter. Raises ShapeMismatch, InvalidSetting (other features).
    """
    if before.network.shape != after.network.shape:
        raise ShapeMismatch("Network after", str(before.network.shape), after.network.shape)
    if before.features != after.features:
        raise InvalidSetting("after", [one.name for one in after.features], "the same features with the same domains")
    began = time.perf_counter()
    proved = proved_difference(before.network, after.network, before.features, pieces).outputs
    axes, sample = feature_axes(before.network.layer(0), before.features), dense_rows(before.features, SAMPLE)
    values, found = values_of(axes, before.features), []
    for output, name in enumerate(output_names(before)):
        ends = []
        for sign in (-1, 1):
            distance = _Distance(before.network, after.network, output, sign)
            point = improved(distance, values, axes.counts, sample[distance.at(sample).argmax()])
            ends.append((sign * float(distance.at(point.unsqueeze(0))), point))
        extremes = (ends[0][0], ends[1][0])
        is_found = max(map(abs, extremes)) < torch.inf
        is_proved = largest(proved[output]) < torch.inf
        found.append(
            Certificate(
                fact="difference",
                output=name,
                feature=None,
                statement=f"{name} with formulas differs from {name} with splines by no more than the bounds.",
                method=DIFFERENCE,
                outcome="proved" if is_proved else "undecided",
                unit=output_unit(before),
                bounds=proved[output] if is_proved else None,
                found=extremes if is_found else None,
                tightness=share(largest(proved[output]), max(map(abs, extremes))) if is_proved and is_found else None,
                witness=tuple(Witness(as_row(before.features, point), value) for value, point in ends if is_found),
                reason=None if is_proved else NOT_PROVED,
                seconds=time.perf_counter() - began,
            )
        )
        began = time.perf_counter()
    return tuple(found)
