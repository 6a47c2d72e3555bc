"""Traces of what a process does, as the rest of the service sees them: spans with a name and harmless attributes.

Nothing that is told a span may be personal: no value of a row, no name, no path or query as it was sent.
"""

from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from typing import Protocol

Attribute = str | int | float | bool
Attributes = Mapping[str, Attribute]


class Span(Protocol):
    """Something that takes time."""

    def note(self, attributes: Attributes, name: str | None = None) -> None:
        """Say more of it, as it is known by now; also its name."""


class Tracer(Protocol):
    """Whoever is told of spans; one that is begun inside another one is its child, in the same thread or task."""

    @property
    def is_silent(self) -> bool:
        """Whether nobody listens."""

    def span(
        self, name: str, attributes: Attributes, carrier: Mapping[str, str] | None = None, /
    ) -> AbstractContextManager[Span]:
        """A span that lasts as long as the block; one that raises has failed. `carrier` may name a parent elsewhere."""

    def close(self) -> None:
        """Hand over what was kept, and stop."""


class NoSpan:
    """A span that nobody hears of."""

    def note(self, attributes: Attributes, name: str | None = None) -> None:
        """Nothing."""


class NoTracer:
    """Nobody listens: the default."""

    is_silent = True
    _span = nullcontext(NoSpan())

    def span(self, *_told: object) -> AbstractContextManager[Span]:
        """Nothing."""
        return self._span

    def close(self) -> None:
        """Nothing."""
