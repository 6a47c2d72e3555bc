"""What a version has learned, feature by feature and pair by pair."""

from dataclasses import dataclass
from typing import Literal

from pydantic import Field

from service.domain.documents import Document

PictureFormat = Literal["svg", "png"]
PICTURE_MEDIA_TYPES: dict[PictureFormat, str] = {"svg": "image/svg+xml", "png": "image/png"}


class FeatureStrength(Document):
    """How much one feature moves the answers."""

    feature: str
    unit: str | None
    deviation: float = Field(description="Standard deviation of its contributions over the reference rows, link scale.")
    mean_size: float = Field(description="Mean size of its contributions over the reference rows, link scale.")


class Features(Document):
    """All features, the strongest first."""

    items: tuple[FeatureStrength, ...]
    is_additive: bool = Field(description="Whether every feature has one shape function, the same for every row.")
    has_bands: bool = Field(description="Whether it is known how sure the version is of its functions.")
    outputs: tuple[str, ...]


class Interaction(Document):
    """What two features do together beyond what each does alone."""

    first: str
    second: str
    size: float = Field(description="Root mean square over pairs of reference rows, link scale.")
    h_squared: float = Field(description="Friedman and Popescu's H²: the share of their joint dependence.")


@dataclass(frozen=True)
class Picture:
    """A chart as a file."""

    content: bytes
    media_type: str
    filename: str
