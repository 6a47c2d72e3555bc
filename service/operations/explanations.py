"""What a prediction is explained by: chosen for a request, found again for a replay."""

from dataclasses import dataclass

from service.domain.documents import from_stored
from service.domain.predictions import FeatureMethod, Locale, Prediction, PredictionRequest, ReasonMethod, ReasonRules
from service.domain.reasons import ReasonEntry, locales_of
from service.domain.references import TRAINING, NamedReference
from service.errors import FieldError, InvalidRequest, LocaleUnknown
from service.modelling.prediction import Basis, link_of, training_basis
from service.modelling.reasons import Wording
from service.modelling.registry import LoadedModel
from service.operations.resources import Resources
from service.storage import models, reason_dictionaries, references, tables
from service.storage.database import Session


@dataclass(frozen=True)
class Asked:
    """How an answer is to be explained, as far as the request says."""

    reference: str | None
    feature_method: FeatureMethod
    reason_method: ReasonMethod
    reason_count: int
    locale: Locale

    @classmethod
    def of(cls, request: PredictionRequest) -> "Asked":
        """What a request says."""
        return cls(
            request.reference, request.feature_method, request.reason_method, request.reason_count, request.locale
        )


def basis_of_request(resources: Resources, network: LoadedModel, version: tables.ModelVersion, request: Asked) -> Basis:
    """The reference that a request names, or the version's default one, and the newest reasons.

    Raises: NotFound for the reference, LocaleUnknown, InvalidRequest where nothing says which outcome hurts.
    """
    with resources.database.read() as session:
        model = models.get_model(session, version.model)
        newest = reason_dictionaries.find_newest(session, version.model)
        name = _named(session, version, request)
    entries = entries_of(newest)
    if request.locale not in locales_of(entries):
        raise LocaleUnknown(request.locale, locales_of(entries))
    is_undirected = model.adverse_outcome is None and link_of(network) == "identity"
    if request.reason_method == "points_below_maximum" and is_undirected:
        detail = "The model does not say which outcome hurts, so no points are the best. Use 'contribution'."
        raise InvalidRequest(FieldError("/reason_method", detail))
    rules = ReasonRules(
        method=request.reason_method,
        count=request.reason_count,
        locale=request.locale,
        adverse_outcome=model.adverse_outcome,
        dictionary=newest.revision if newest else None,
    )
    return _basis(resources, network, name, Wording(rules, entries), request.feature_method)


def stored_dictionary(session: Session, model: str, record: Prediction) -> tables.ReasonDictionary | None:
    """The revision of the dictionary that a record was worded by, or None."""
    rules = record.reason_rules
    if rules is None or rules.dictionary is None:
        return None
    return reason_dictionaries.get_dictionary(session, model, rules.dictionary)


def basis_of_record(
    resources: Resources, network: LoadedModel, record: Prediction, dictionary: tables.ReasonDictionary | None
) -> Basis:
    """What a stored record was explained by. Raises: ArtifactCorrupted where the rows of its reference changed."""
    if record.reason_rules is None or record.reference_revision is None or record.reference_digest is None:
        return Basis(network.training_reference, None)
    name = NamedReference(name=record.reference, revision=record.reference_revision, digest=record.reference_digest)
    wording = Wording(record.reason_rules, entries_of(dictionary))
    return _basis(resources, network, name, wording, "edge_flow" if record.method == "edge_flow" else "shapley")


def entries_of(row: tables.ReasonDictionary | None) -> tuple[ReasonEntry, ...]:
    """The entries of a stored dictionary; none where there is none."""
    return tuple(from_stored(ReasonEntry, entry) for entry in row.entries) if row else ()


def _named(session: Session, version: tables.ModelVersion, request: Asked) -> NamedReference | None:
    """The reference that is meant; None is the training rows of the artifact."""
    name, revision = request.reference, None
    if name is None:
        name, revision = version.default_reference, version.default_reference_revision
    if name is None or name == TRAINING:
        return None
    row = references.get_reference(session, version.model, version.number, name, revision)
    return NamedReference(name=row.name, revision=row.revision, digest=row.digest)


def _basis(
    resources: Resources,
    network: LoadedModel,
    name: NamedReference | None,
    wording: Wording,
    feature_method: FeatureMethod,
) -> Basis:
    if name is None or name.name == TRAINING:
        return training_basis(network, wording, feature_method)
    return Basis(network.references.get(name.digest, resources.artifacts.read), name, wording, feature_method)
