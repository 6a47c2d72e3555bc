"""Why a prediction is as high as it is, in words that can be given to the person it is about."""

from collections.abc import Mapping, Sequence

from kan.features import NumericFeature
from kan.model import FittedModel
from service.domain.predictions import FeatureContribution, Reason, Value
from service.modelling.column_kinds import number_text

#: Adverse action notices give up to four reasons.
MOST_REASONS = 4


def adverse_reasons(
    fitted: FittedModel,
    features: Sequence[FeatureContribution],
    outcome: str | None,
    texts: Mapping[str, str],
) -> tuple[Reason, ...]:
    """The features that raise the explained outcome most; for a quantity those that move it most, up or down."""
    if outcome is None:
        adverse = [one for one in features if one.contribution != 0]
    else:
        adverse = [one for one in features if one.contribution > 0]
    ranked = sorted(adverse, key=lambda one: (-abs(one.contribution), one.feature))[:MOST_REASONS]
    units = {one.name: one.unit for one in fitted.features if isinstance(one, NumericFeature)}
    return tuple(
        Reason(
            rank=rank,
            code=one.feature,
            text=texts.get(one.feature) or _sentence(one, units.get(one.feature), fitted.target, outcome),
            contribution=one.contribution,
        )
        for rank, one in enumerate(ranked, start=1)
    )


def _sentence(one: FeatureContribution, unit: str | None, target: str, outcome: str | None) -> str:
    verb = "raises" if one.contribution > 0 else "lowers"
    what = f"'{target}'" if outcome is None else f"the probability of '{target}' being '{outcome}'"
    return f"'{one.feature}' is {_value(one.value, unit)}, which {verb} {what}."


def _value(value: Value, unit: str | None) -> str:
    if value is None:
        return "missing"
    if isinstance(value, str):
        return f"'{value}'"
    number = number_text(float(value))
    return f"{number} {unit}" if unit else number
