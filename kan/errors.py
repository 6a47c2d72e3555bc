"""Everything that can go wrong in `kan`, one class per reason.

    KANError                          code
    ├── InputError (ValueError)
    │   ├── UnknownFeature            unknown_feature
    │   ├── MissingFeature            missing_feature
    │   ├── DuplicateFeature          duplicate_feature
    │   ├── WrongValueType            wrong_value_type
    │   ├── NonFinite                 non_finite
    │   ├── MissingValueNotSeen       missing_value_not_seen
    │   ├── UnequalLengths            unequal_lengths
    │   ├── NoFeatures                no_features
    │   ├── NoRows                    no_rows
    │   ├── FeatureWithoutValues      feature_without_values
    │   ├── TooManyCategories         too_many_categories
    │   ├── InvalidTarget             invalid_target
    │   ├── OneClassTarget            one_class_target
    │   ├── InvalidSetting            invalid_setting
    │   ├── ShapeMismatch             shape_mismatch
    │   ├── InvalidEdge               invalid_edge
    │   ├── EdgeFormRefused           edge_form_refused
    │   ├── UnknownFunction           unknown_function
    │   ├── InvalidFormula            invalid_formula
    │   ├── InvalidSymbolicForm       invalid_symbolic_form
    │   ├── InvalidGoal               invalid_goal
    │   ├── InvalidChange             invalid_change
    │   ├── ImmutableFeature          immutable_feature
    │   ├── CalibrationTooSmall       calibration_too_small
    │   ├── NotAdditive               not_additive
    │   └── OutputUndefined           output_undefined
    ├── NoEdgesLeft                   no_edges_left
    ├── TrainingDiverged              training_diverged
    ├── TrainingDataUnavailable       training_data_unavailable
    ├── CheckpointRefused             checkpoint_refused
    ├── NotCalibrated                 not_calibrated
    ├── UncertaintyUnknown            uncertainty_unknown
    ├── IdentityViolated              identity_violated
    └── ArtifactCorrupted             artifact_corrupted

Each leaf takes typed arguments, builds its own sentence (what is wrong, where, what to do) and carries a stable `code`.
"""

from collections.abc import Sequence
from typing import ClassVar


class KANError(Exception):
    """Any error that `kan` raises on purpose."""

    code: ClassVar[str] = "kan_error"


class InputError(KANError, ValueError):
    """The caller's data or settings cannot be used."""

    code: ClassVar[str] = "input_error"


class UnknownFeature(InputError):
    """A column that the model does not have."""

    code: ClassVar[str] = "unknown_feature"

    def __init__(self, feature: str, known: Sequence[str]) -> None:
        self.feature = feature
        super().__init__(f"Unknown feature {feature!r}; the model has {_listed(known)}. Remove or rename the column.")


class MissingFeature(InputError):
    """A feature of the model that the data lack."""

    code: ClassVar[str] = "missing_feature"

    def __init__(self, feature: str) -> None:
        self.feature = feature
        super().__init__(f"Feature {feature!r} is missing; add the column.")


class DuplicateFeature(InputError):
    """Two columns with one name."""

    code: ClassVar[str] = "duplicate_feature"

    def __init__(self, feature: str) -> None:
        self.feature = feature
        super().__init__(f"Feature {feature!r} occurs more than once; give every column its own name.")


class WrongValueType(InputError):
    """A value of another kind than the feature's."""

    code: ClassVar[str] = "wrong_value_type"

    def __init__(self, feature: str, row: int, expected: str, value: object) -> None:
        self.feature, self.row = feature, row
        found = f"{type(value).__name__} {_shortened(value)}"
        super().__init__(f"Feature {feature!r}, row {row}: expected a {expected}, got {found}.")


class NonFinite(InputError):
    """An infinite number."""

    code: ClassVar[str] = "non_finite"

    def __init__(self, feature: str, row: int) -> None:
        self.feature, self.row = feature, row
        super().__init__(f"Feature {feature!r}, row {row}: infinity is not a measurement; send a finite number.")


class MissingValueNotSeen(InputError):
    """A gap in a numeric feature that had none in training."""

    code: ClassVar[str] = "missing_value_not_seen"

    def __init__(self, feature: str, row: int) -> None:
        self.feature, self.row = feature, row
        super().__init__(
            f"Feature {feature!r}, row {row}: the value is missing, but it was never missing in training, "
            "so the model has no answer for it; send a number or train with gaps."
        )


class UnequalLengths(InputError):
    """Columns of different length."""

    code: ClassVar[str] = "unequal_lengths"

    def __init__(self, feature: str, rows: int, expected: int) -> None:
        self.feature = feature
        super().__init__(f"Feature {feature!r} has {rows} rows, the columns before it have {expected}.")


class NoFeatures(InputError):
    """A table without columns."""

    code: ClassVar[str] = "no_features"

    def __init__(self) -> None:
        super().__init__("The table has no columns; a minimum of 1 feature is required.")


class NoRows(InputError):
    """A table without rows."""

    code: ClassVar[str] = "no_rows"

    def __init__(self, rows: int = 0, minimum: int = 1) -> None:
        counted = "1 sample" if rows == 1 else f"{rows} samples"
        super().__init__(f"The table has {counted} (rows), a minimum of {minimum} is required.")


class FeatureWithoutValues(InputError):
    """A training column in which every value is missing."""

    code: ClassVar[str] = "feature_without_values"

    def __init__(self, feature: str) -> None:
        self.feature = feature
        super().__init__(f"Feature {feature!r} has no value in any training row; leave the column out.")


class TooManyCategories(InputError):
    """A categorical column that looks like an identifier."""

    code: ClassVar[str] = "too_many_categories"

    def __init__(self, feature: str, categories: int, limit: int) -> None:
        self.feature = feature
        super().__init__(
            f"Feature {feature!r} has {categories} categories, the limit is {limit}; "
            "leave identifiers out, or merge rare categories."
        )


class InvalidTarget(InputError):
    """A target that cannot be learned."""

    code: ClassVar[str] = "invalid_target"

    def __init__(self, reason: str) -> None:
        super().__init__(f"The target cannot be used: {reason}.")


class OneClassTarget(InputError):
    """A classification target with a single class."""

    code: ClassVar[str] = "one_class_target"

    def __init__(self, label: object) -> None:
        super().__init__(f"The target has one class only ({label!r}); a classifier needs at least 2 classes.")


class InvalidSetting(InputError):
    """A setting outside its range."""

    code: ClassVar[str] = "invalid_setting"

    def __init__(self, name: str, value: object, expected: str) -> None:
        self.name = name
        super().__init__(f"Setting {name} = {value!r}: expected {expected}.")


class ShapeMismatch(InputError):
    """A tensor of another shape than the network's."""

    code: ClassVar[str] = "shape_mismatch"

    def __init__(self, what: str, expected: str, found: Sequence[int]) -> None:
        super().__init__(f"{what}: expected shape {expected}, got {tuple(found)}.")


class InvalidEdge(InputError):
    """A text or number triple that names no edge."""

    code: ClassVar[str] = "invalid_edge"

    def __init__(self, edge: str, reason: str) -> None:
        self.edge = edge
        super().__init__(f"Edge {_shortened(edge)}: {reason}.")


class EdgeFormRefused(InputError):
    """A form that this edge cannot take."""

    code: ClassVar[str] = "edge_form_refused"

    def __init__(self, edge: str, reason: str) -> None:
        self.edge = edge
        super().__init__(f"Edge {edge} cannot take this form: {reason}.")


class UnknownFunction(InputError):
    """A function outside the symbolic library."""

    code: ClassVar[str] = "unknown_function"

    def __init__(self, function: str, known: Sequence[str]) -> None:
        self.function = function
        super().__init__(f"Unknown function {_shortened(function)}; the library has {_listed(known, limit=40)}.")


class InvalidFormula(InputError):
    """A text that is no formula of x; `position` counts its characters from 0."""

    code: ClassVar[str] = "invalid_formula"

    def __init__(self, formula: str, position: int, reason: str) -> None:
        self.position, self.reason = position, reason
        super().__init__(f"Formula {_shortened(formula)}, character {position + 1}: {reason}.")


class InvalidSymbolicForm(InputError):
    """A symbolic form with an impossible coefficient."""

    code: ClassVar[str] = "invalid_symbolic_form"

    def __init__(self, function: str, reason: str) -> None:
        self.function = function
        super().__init__(f"Symbolic form {_shortened(function)}: {reason}.")


class InvalidGoal(InputError):
    """A goal that no output can have, or that says nothing."""

    code: ClassVar[str] = "invalid_goal"

    def __init__(self, setting: str, reason: str) -> None:
        self.setting, self.reason = setting, reason
        super().__init__(f"Goal, {setting}: {reason}.")


class InvalidChange(InputError):
    """A change that a feature cannot make."""

    code: ClassVar[str] = "invalid_change"

    def __init__(self, feature: str, setting: str, reason: str) -> None:
        self.feature, self.setting, self.reason = feature, setting, reason
        super().__init__(f"Change of {feature!r}, {setting}: {reason}.")


class ImmutableFeature(InputError):
    """A feature that must never be suggested to change."""

    code: ClassVar[str] = "immutable_feature"

    def __init__(self, feature: str) -> None:
        self.feature = feature
        super().__init__(f"Feature {feature!r} is immutable, so no change of it may be asked for; leave it out.")


class NotAdditive(InputError):
    """Something that only a network of one layer has was asked of a deeper one."""

    code: ClassVar[str] = "not_additive"

    def __init__(self, layers: int) -> None:
        super().__init__(
            f"The network has {layers} layers, so its features have no points of their own: use one layer."
        )


class OutputUndefined(InputError):
    """A row at which the network has no finite value."""

    code: ClassVar[str] = "output_undefined"

    def __init__(self, row: int) -> None:
        self.row = row
        super().__init__(
            f"Row {row}: the model has no finite value there; a symbolic edge is not defined at its input, "
            "or a value is too large. Change the value, or the form of the edge."
        )


class CalibrationTooSmall(InputError):
    """An interval that no finite number of so few calibration rows can answer for."""

    code: ClassVar[str] = "calibration_too_small"

    def __init__(self, rows: int, coverage: float, minimum: int) -> None:
        super().__init__(
            f"A coverage of {coverage:g} needs at least {minimum} calibration rows, and there are {rows}. "
            "Call calibrate with more rows, or ask for less."
        )


class NoEdgesLeft(KANError):
    """Pruning would sever every input from an output."""

    code: ClassVar[str] = "no_edges_left"

    def __init__(self) -> None:
        super().__init__("Pruning would leave no path from any input to any output; lower the threshold.")


class TrainingDiverged(KANError):
    """The loss stopped being a number."""

    code: ClassVar[str] = "training_diverged"

    def __init__(self, reason: str) -> None:
        super().__init__(
            f"Training diverged: {reason}. Look for extreme values in the table, raise smoothness, or lower "
            "learning_rate where the optimizer is adam."
        )


class NotCalibrated(KANError):
    """Intervals or sets of a model that was never calibrated, or was changed since."""

    code: ClassVar[str] = "not_calibrated"

    def __init__(self) -> None:
        super().__init__(
            "The model has no calibration, or was changed since. Call calibrate with rows that it was not trained on."
        )


class UncertaintyUnknown(KANError):
    """Bands of a model that does not know how sure its numbers are."""

    code: ClassVar[str] = "uncertainty_unknown"

    def __init__(self) -> None:
        super().__init__(
            "How sure the model is of its numbers is not known: it was trained by first-order steps, has more than "
            "2,000 parameters, or was changed by hand. Refit it, or train it with optimizer='gauss_newton'."
        )


class TrainingDataUnavailable(KANError):
    """A method that needs the training rows of an estimator that does not hold them."""

    code: ClassVar[str] = "training_data_unavailable"

    def __init__(self, method: str, *, updated: bool) -> None:
        cause = (
            "it was updated by partial_fit, which does not keep the rows before"
            if updated
            else "it was loaded without them"
        )
        super().__init__(
            f"{method} needs the rows that the model was trained on, but {cause}. "
            "Call from_model with all of these rows, or fit."
        )


class CheckpointRefused(KANError):
    """A file from which this training cannot go on."""

    code: ClassVar[str] = "checkpoint_refused"

    def __init__(self, path: str, reason: str) -> None:
        super().__init__(f"Checkpoint {path}: {reason}. Name another file, or delete this one to begin anew.")


class IdentityViolated(KANError):
    """Contributions that do not sum to the output difference."""

    code: ClassVar[str] = "identity_violated"

    def __init__(self, layer: int, residual: float, tolerance: float) -> None:
        self.layer, self.residual = layer, residual
        super().__init__(
            f"Layer {layer}: contributions miss the output difference by {residual!r} (relative), "
            f"above the tolerance {tolerance!r}; the explanation is withheld."
        )


class ArtifactCorrupted(KANError):
    """Bytes that are not a model written by `kan`."""

    code: ClassVar[str] = "artifact_corrupted"

    def __init__(self, reason: str) -> None:
        super().__init__(f"The artifact is not a valid model: {reason}.")


def _listed(names: Sequence[str], limit: int = 10) -> str:
    shown = ", ".join(repr(name) for name in names[:limit])
    return shown if len(names) <= limit else f"{shown} and {len(names) - limit} more"


def _shortened(value: object, limit: int = 60) -> str:
    text = repr(value)
    return text if len(text) <= limit else f"{text[:limit]}…"
