"""What a loaded version takes and gives, as other interfaces than the native one describe it."""

from dataclasses import dataclass

from kan.features import NumericFeature
from service.modelling.registry import LoadedModel


@dataclass(frozen=True)
class Interface:
    """The features by name, each with whether it is a number, and the sizes of what comes out."""

    features: dict[str, bool]
    classes: int
    edges: int


def interface_of(model: LoadedModel) -> Interface:
    """Describe a loaded version."""
    fitted = model.fitted
    features = {one.name: isinstance(one, NumericFeature) for one in fitted.features}
    return Interface(features, len(fitted.classes), len(model.edges))
