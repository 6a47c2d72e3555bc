"""What a loaded model says about each of its edges."""

from dataclasses import dataclass

from kan.layer import Form
from kan.network import EdgeId


@dataclass(frozen=True)
class ActiveEdge:
    """What does not change from call to call; a table has a number of categories instead of a domain."""

    place: EdgeId
    source: str
    target: str
    form: Form
    domain: tuple[float, float] | None
    categories: int
