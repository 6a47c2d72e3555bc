"""What the columns of a dataset mean: kind, unit, range, categories, gaps, and why we think so."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated, Literal

from pydantic import Field

from service.domain.documents import ColumnName, Document, Line, Text
from service.errors import (
    CategoricalDirection,
    ClassTooSmall,
    ConstantFeature,
    DirectionOfClasses,
    DirectionWithoutInput,
    FieldError,
    IdentifierInput,
    InvalidRequest,
    NoInputs,
    OneClassTarget,
    ProtectedInput,
    TargetHasMissingValues,
    TargetUnknown,
    TooFewRows,
    TooManyCategories,
    TooManyClasses,
    UnknownColumn,
)

Kind = Literal["numeric", "categorical"]
Direction = Literal["increasing", "decreasing"]
Family = Literal["gaussian", "binomial", "multinomial"]

OPPOSITE: Mapping[Direction, Direction] = MappingProxyType({"increasing": "decreasing", "decreasing": "increasing"})

MAXIMUM_CLASSES = 20
MINIMUM_CLASS_ROWS = 5
#: Fewer rows cannot be split into parts to train, validate and test on.
MINIMUM_TRAINING_ROWS = 20
#: The most categories that one table edge may have.
MAXIMUM_CATEGORIES = 256
#: A numeric target with more distinct values than this is a quantity, not a set of classes.
MAXIMUM_NUMERIC_CLASSES = 2


class FeatureOverride(Document):
    """What the person who uploads knows better than the inference."""

    kind: Kind | None = None
    unit: Line | None = None
    protected: bool | None = None
    changeable: bool | None = None
    monotone: Direction | None = None
    description: Text | None = None


class SchemaOverrides(Document):
    """Optional part of an upload."""

    target: ColumnName | None = None
    features: dict[ColumnName, FeatureOverride] = Field(default_factory=dict)


class CategoryCount(Document):
    """A value of a categorical column and how many rows have it."""

    value: str
    rows: int


class ColumnWarning(Document):
    """Something about a column that whoever trains on it should know."""

    code: Literal["identifier", "constant", "mostly_missing", "too_many_categories", "leakage"]
    detail: str


class Feature(Document):
    """One column of a snapshot."""

    name: str
    kind: Kind
    unit: str | None = None
    description: str | None = None
    protected: bool = False
    changeable: bool = Field(True, description="Whether a person could change it; otherwise no counterfactual does.")
    identifier: bool = Field(False, description="Names the rows instead of describing them; never an input.")
    monotone: Direction | None = Field(
        None,
        description="How the target moves with the column, all else equal: a quantity itself, or the probability of "
        "the outcome that is last in order.",
    )
    rows: int
    missing: int
    distinct: int
    minimum: float | None = None
    maximum: float | None = None
    mean: float | None = None
    quantiles: tuple[float, ...] = Field((), description="At 5, 25, 50, 75 and 95 % of the values; of numbers only.")
    categories: tuple[CategoryCount, ...] = ()
    warnings: tuple[ColumnWarning, ...] = ()
    reason: str = Field(description="Why the column was given this kind, in a sentence.")

    @property
    def is_constant(self) -> bool:
        """Whether every row has the same value; a gap counts as a value of its own."""
        return self.distinct < 2 and not self.missing

    @property
    def has_too_many_categories(self) -> bool:
        """Whether a table of its categories would be larger than an edge may be."""
        return self.kind == "categorical" and self.distinct > MAXIMUM_CATEGORIES


class FeatureSchema(Document):
    """All columns of a snapshot, in the order of the file."""

    features: tuple[Feature, ...]
    target: str | None = None

    def find(self, name: str) -> Feature | None:
        """The column, or None."""
        return next((feature for feature in self.features if feature.name == name), None)

    def by_name(self) -> Mapping[str, Feature]:
        """Columns by name."""
        return {feature.name: feature for feature in self.features}


def changed(schema: FeatureSchema, changes: SchemaOverrides) -> FeatureSchema:
    """The schema with what `changes` names; raises UnknownColumn, or InvalidRequest for what the rows do not allow."""
    by_name = schema.by_name()
    if changes.target is not None and changes.target not in by_name:
        raise UnknownColumn(changes.target, "/target")
    for name in changes.features:
        if name not in by_name:
            raise UnknownColumn(name, f"/features/{name}")
    features = tuple(
        _changed_feature(feature, changes.features[feature.name]) if feature.name in changes.features else feature
        for feature in schema.features
    )
    target = changes.target if "target" in changes.model_fields_set else schema.target
    return FeatureSchema(features=features, target=target)


def _changed_feature(feature: Feature, change: FeatureOverride) -> Feature:
    if change.kind not in (None, feature.kind):
        detail = f"The stored values of '{feature.name}' are {feature.kind}: declare another kind at upload."
        raise InvalidRequest(FieldError(f"/features/{feature.name}/kind", detail))
    if change.monotone is not None and feature.kind == "categorical":
        detail = f"'{feature.name}' is categorical and has no direction: leave 'monotone' away."
        raise InvalidRequest(FieldError(f"/features/{feature.name}/monotone", detail))
    named = change.model_dump(exclude_unset=True, exclude={"kind"})
    if "protected" in named:
        named["protected"] = bool(named["protected"])
    if "changeable" in named:
        named["changeable"] = named["changeable"] is not False
    return feature.model_copy(update=named)


class TrainingColumns(Document):
    """The columns that one training uses, settled and checked."""

    inputs: Annotated[tuple[str, ...], Field(min_length=1)]
    target: str
    family: Family
    classes: tuple[str, ...] = ()
    monotone: dict[str, Direction] = Field(default_factory=dict, description="Directions that the version keeps.")


def choose_columns(
    schema: FeatureSchema,
    target: str | None,
    inputs: tuple[str, ...] | None,
    positive_class: str | None = None,
    monotone: Mapping[str, Direction] | None = None,
) -> TrainingColumns:
    """Settle target, inputs, family and directions; raises a leaf of InvalidTraining that names the column at fault.

    Without `inputs`, every column is one that is neither the target, nor protected, nor an identifier, nor constant,
    nor has more categories than an edge may have. Without `monotone`, inputs have the directions of the schema, unless
    another column than its target is predicted; they turn round where the first of two outcomes is the positive class.
    """
    name = target or schema.target
    feature = schema.find(name) if name else None
    if name is None or feature is None:
        raise TargetUnknown(name)
    if feature.missing:
        raise TargetHasMissingValues(name, feature.missing)
    if feature.rows < MINIMUM_TRAINING_ROWS:
        raise TooFewRows(feature.rows, MINIMUM_TRAINING_ROWS)
    family, classes = _family(feature, positive_class)
    chosen = inputs if inputs is not None else _default_inputs(schema, name)
    _check_inputs(schema, chosen, name)
    directions = dict(monotone) if monotone is not None else expected_directions(schema, chosen, name, classes)
    _check_directions(schema, directions, chosen)
    if directions and len(classes) > 2:
        raise DirectionOfClasses(name, len(classes))
    return TrainingColumns(inputs=chosen, target=name, family=family, classes=classes, monotone=directions)


def _default_inputs(schema: FeatureSchema, target: str) -> tuple[str, ...]:
    return tuple(
        f.name
        for f in schema.features
        if f.name != target and not (f.protected or f.identifier or f.is_constant or f.has_too_many_categories)
    )


def expected_directions(
    schema: FeatureSchema, inputs: tuple[str, ...], target: str, classes: tuple[str, ...]
) -> dict[str, Direction]:
    """The directions that the schema names for inputs, as the output of a model of this target has them."""
    if schema.target not in (None, target):
        return {}
    turned = classes != tuple(sorted(classes))
    return {
        f.name: OPPOSITE[f.monotone] if turned else f.monotone
        for f in schema.features
        if f.monotone is not None and f.name in inputs
    }


def _check_directions(schema: FeatureSchema, directions: Mapping[str, Direction], inputs: tuple[str, ...]) -> None:
    features = schema.by_name()
    for name in directions:
        if name not in features:
            raise UnknownColumn(name, f"/monotone/{name}")
        if name not in inputs:
            raise DirectionWithoutInput(name)
        if features[name].kind == "categorical":
            raise CategoricalDirection(name)


def _check_inputs(schema: FeatureSchema, inputs: tuple[str, ...], target: str) -> None:
    if not inputs:
        raise NoInputs
    features = schema.by_name()
    for name in inputs:
        if name not in features or name == target:
            raise UnknownColumn(name, f"/inputs/{name}")
        feature = features[name]
        if feature.protected:
            raise ProtectedInput(name)
        if feature.identifier:
            raise IdentifierInput(name)
        if feature.is_constant:
            raise ConstantFeature(name)
        if feature.has_too_many_categories:
            raise TooManyCategories(name, feature.distinct, MAXIMUM_CATEGORIES)


def _family(target: Feature, positive_class: str | None) -> tuple[Family, tuple[str, ...]]:
    if target.distinct < 2:
        only = target.categories[0].value if target.categories else str(target.minimum)
        raise OneClassTarget(target.name, only)
    if target.kind == "numeric":
        return "gaussian", ()
    if target.distinct > MAXIMUM_CLASSES:
        raise TooManyClasses(target.name, target.distinct, MAXIMUM_CLASSES)
    for category in target.categories:
        if category.rows < MINIMUM_CLASS_ROWS:
            raise ClassTooSmall(target.name, category.value, category.rows, MINIMUM_CLASS_ROWS)
    classes = sorted(category.value for category in target.categories)
    if positive_class is not None:
        if positive_class not in classes:
            raise UnknownColumn(positive_class, "/positive_class")
        classes.sort(key=lambda value: value == positive_class)
    return ("binomial" if len(classes) == 2 else "multinomial"), tuple(classes)
