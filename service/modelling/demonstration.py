"""The two tables of the demonstration: one measured, one from a formula that is known.

Breast cancer: W. N. Street, W. H. Wolberg and O. L. Mangasarian, "Nuclear feature extraction for breast
tumor diagnosis" (1993), as it ships with scikit-learn. Ten properties of cell nuclei, each as mean, standard
error and worst value; the source states no unit of length.

Credit: no real person. The logit of default is additive, so every form can be held against the truth:

    logit P(default) = −1 − 0.9·ln(income / 30000) + 4·max(debt_ratio − 0.4, 0) + 2·exp(−months / 18)
                       − 0.08·years_employed + effect(purpose)

where `months` is months_since_delinquency and never delinquent (a gap) adds −0.3. The number of dependants
has no effect, nor has sex, which is protected; but women earn 10 % less here, so income is a proxy of it.
"""

import csv
import io
import math
from collections.abc import Iterator, Mapping, Sequence
from statistics import NormalDist
from types import MappingProxyType

import numpy as np
from sklearn.datasets import load_breast_cancer

from service.domain.feature_schema import FeatureOverride, SchemaOverrides
from service.domain.predictions import Value
from service.domain.reasons import ReasonEntry
from service.domain.references import ResponseBetween
from service.domain.training_configuration import TrainingConfiguration
from service.modelling.column_kinds import number_text

CREDIT_INTERCEPT = -1.0
INCOME_SLOPE, INCOME_SCALE = -0.9, 30_000.0
DEBT_SLOPE, DEBT_KINK = 4.0, 0.4
DELINQUENCY_HEIGHT, DELINQUENCY_MONTHS, NEVER_DELINQUENT = 2.0, 18.0, -0.3
EMPLOYMENT_SLOPE = -0.08
PURPOSE_EFFECTS: Mapping[str, float] = MappingProxyType(
    {"business": 0.7, "car": -0.4, "education": 0.0, "furniture": 0.3, "holiday": 1.1}
)
_PURPOSE_SHARES = (0.15, 0.35, 0.2, 0.2, 0.1)
_SEED = 20_240_117

_MEASURED = {
    "radius": "distance from the centre of a nucleus to its border",
    "texture": "standard deviation of the grey values inside a nucleus",
    "perimeter": "length of the border of a nucleus",
    "area": "area of a nucleus",
    "smoothness": "local variation of the radius",
    "compactness": "perimeter² / area − 1",
    "concavity": "depth of the dents in the border",
    "concave points": "share of the border that is dented",
    "symmetry": "difference between the two halves of a nucleus",
    "fractal dimension": "coastline approximation − 1",
}


def _measurement(name: str) -> FeatureOverride:
    """A description for one of scikit-learn's column names, such as "mean radius" or "radius error"."""
    if name.endswith(" error"):
        return FeatureOverride(description=f"Standard error of: {_MEASURED[name.removesuffix(' error')]}.")
    statistic, _, measured = name.partition(" ")
    which = "Mean" if statistic == "mean" else "Mean of the three largest values"
    return FeatureOverride(description=f"{which} of: {_MEASURED[measured]}.")


BREAST_CANCER_OVERRIDES = SchemaOverrides(
    target="diagnosis",
    features={
        name: _measurement(name)
        for measured in _MEASURED
        for name in (f"mean {measured}", f"{measured} error", f"worst {measured}")
    },
)
CREDIT_OVERRIDES = SchemaOverrides(
    target="default",
    features={
        "income": FeatureOverride(unit="EUR", monotone="decreasing", description="Gross income of a year."),
        "debt_ratio": FeatureOverride(
            monotone="increasing", description="Monthly debt service divided by monthly income."
        ),
        "months_since_delinquency": FeatureOverride(
            unit="months",
            monotone="decreasing",
            description="Time since the last late payment; empty if there was none.",
        ),
        "years_employed": FeatureOverride(
            unit="years", monotone="decreasing", description="Time with the present employer."
        ),
        "purpose": FeatureOverride(description="What the money is for."),
        "dependants": FeatureOverride(kind="numeric", description="People who live on the income."),
        "sex": FeatureOverride(protected=True, description="Protected attribute: recorded, never an input."),
        "default": FeatureOverride(description="Whether the loan was not repaid."),
    },
)

#: What an applicant is told when a feature speaks against them.
CREDIT_REASONS = tuple(
    ReasonEntry.model_validate({"features": (feature,), "when": when, "code": code, "texts": {"en": en, "de": de}})
    for feature, when, code, en, de in (
        ("income", "any", "INCOME", "Income is not high enough for the loan that was asked for.",
         "Das Einkommen reicht für den gewünschten Kredit nicht aus."),
        ("debt_ratio", "any", "DEBT", "Monthly debt payments take a large share of monthly income.",
         "Laufende Raten nehmen einen großen Teil des Monatseinkommens ein."),
        ("months_since_delinquency", "any", "LATE", "A payment was late.", "Eine Zahlung kam verspätet."),
        ("months_since_delinquency", "missing", "NO-FILE", "There is no record of how earlier payments were made.",
         "Über frühere Zahlungen liegen keine Angaben vor."),
        ("years_employed", "any", "JOB", "Time with the present employer is short.",
         "Die Beschäftigung beim jetzigen Arbeitgeber dauert noch nicht lange."),
        ("purpose", "any", "PURPOSE", "Loans for this purpose are repaid less often.",
         "Kredite für diesen Zweck werden seltener zurückgezahlt."),
        ("dependants", "any", "HOUSEHOLD", "Number of people who live on the income.",
         "Zahl der Menschen, die vom Einkommen leben."),
    )
)  # fmt: skip
#: Applicants at an even chance of default and slightly better ones: the baseline near the cut-off.
CREDIT_CUTOFF = ResponseBetween(kind="response_between", lower=0.4, upper=0.5)

#: Twelve edges are few enough to be read one by one.
BREAST_CANCER_CONFIGURATION = TrainingConfiguration(maximum_edges=12, seed=1)
CREDIT_CONFIGURATION = TrainingConfiguration()


def breast_cancer_csv() -> bytes:
    """The Wisconsin breast cancer table: 569 rows, 30 numbers, and the diagnosis."""
    table = load_breast_cancer()
    header = [*(str(name) for name in table.feature_names), "diagnosis"]
    rows = (
        [*(repr(value) for value in measured), str(table.target_names[outcome])]
        for measured, outcome in zip(table.data.tolist(), table.target.tolist(), strict=True)
    )
    return _csv(header, rows)


def credit_csv(rows: int = 3000) -> bytes:
    """The synthetic credit table; the first rows of a longer table are the same."""
    header = [
        "application", "income", "debt_ratio", "months_since_delinquency", "years_employed", "purpose",
        "dependants", "sex", "default",
    ]  # fmt: skip
    draws = np.random.Generator(np.random.PCG64(_SEED)).random((rows, 9)).tolist()
    return _csv(header, (_applicant(number, draw) for number, draw in enumerate(draws)))


def credit_truth(feature: str, value: Value) -> float:
    """What the formula adds to the logit for one value of one column; 0 for a column that is not in it."""
    match feature, value:
        case "income", float() | int():
            return INCOME_SLOPE * math.log(value / INCOME_SCALE)
        case "debt_ratio", float() | int():
            return DEBT_SLOPE * max(value - DEBT_KINK, 0.0)
        case "months_since_delinquency", None:
            return NEVER_DELINQUENT
        case "months_since_delinquency", float() | int():
            return DELINQUENCY_HEIGHT * math.exp(-value / DELINQUENCY_MONTHS)
        case "years_employed", float() | int():
            return EMPLOYMENT_SLOPE * value
        case "purpose", str():
            return PURPOSE_EFFECTS[value]
        case _:
            return 0.0


def _applicant(number: int, draw: Sequence[float]) -> list[str]:
    """One row from nine uniform numbers; inverse distribution functions keep it the same on every machine."""
    sex = "female" if draw[0] < 0.5 else "male"
    median = 34_000 if sex == "female" else 34_000 / 0.9
    income = round(min(max(median * math.exp(0.55 * _normal(draw[1])), 8_000.0), 250_000.0), -2)
    debt_ratio = round(0.9 * draw[2] ** 1.3, 3)
    months = None if draw[3] < 0.5 else float(round(80 * draw[4] ** 1.2))
    years = round(min(-8 * math.log1p(-draw[5]), 40.0), 1)
    purpose = _chosen(draw[6])
    dependants = int(4 * draw[7] ** 2)
    effects: dict[str, float | str | None] = {
        "income": income,
        "debt_ratio": debt_ratio,
        "months_since_delinquency": months,
        "years_employed": years,
        "purpose": purpose,
    }
    logit = CREDIT_INTERCEPT + sum(credit_truth(feature, value) for feature, value in effects.items())
    default = "yes" if draw[8] < 1 / (1 + math.exp(-logit)) else "no"
    written = [
        "" if value is None else value if isinstance(value, str) else number_text(value) for value in effects.values()
    ]
    return [f"A{number:06d}", *written, str(dependants), sex, default]


def _normal(uniform: float) -> float:
    return NormalDist().inv_cdf(min(max(uniform, 1e-12), 1 - 1e-12))


def _chosen(uniform: float) -> str:
    """The purpose whose interval of shares holds the number."""
    total = 0.0
    for purpose, share in zip(PURPOSE_EFFECTS, _PURPOSE_SHARES, strict=True):
        total += share
        if uniform < total:
            return purpose
    return purpose


def _csv(header: Sequence[str], rows: Iterator[list[str]]) -> bytes:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(rows)
    return text.getvalue().encode()
