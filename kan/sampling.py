"""Some rows of a large table, without chance."""

from jaxtyping import Shaped
from torch import Tensor


def evenly(rows: Shaped[Tensor, "rows *columns"], most: int) -> Shaped[Tensor, "sample *columns"]:
    """Return at most `most` rows at even distances, in their order; all where there are no more."""
    return rows[:: max(1, -(-len(rows) // most))]
