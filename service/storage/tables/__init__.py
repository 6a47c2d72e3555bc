"""The tables: people and keys, data and models, work, review, use, evidence."""

from service.storage.tables.evidence import AuditEvent, AuditHead, IdempotencyKey
from service.storage.tables.models import (
    Artifact,
    Dataset,
    Model,
    ModelVersion,
    ReasonDictionary,
    ReferencePopulation,
    Revision,
)
from service.storage.tables.people import ApiKey, Identity, KeyUsage, RecoveryCode, SecondFactor, SignInSession, User
from service.storage.tables.retention import ErasedPrediction, RetentionSchedule
from service.storage.tables.review import EdgeDecision, Finding, Review, Signature, Suspension
from service.storage.tables.table import Table
from service.storage.tables.use import Alias, AliasEvent, Prediction, RecordTemplate
from service.storage.tables.work import (
    ChallengerReport,
    JobEvent,
    ReplayJob,
    ScoringJob,
    Sweep,
    SweepCandidate,
    TrainingJob,
    Worker,
)

__all__ = [
    "Alias",
    "AliasEvent",
    "ApiKey",
    "Artifact",
    "AuditEvent",
    "AuditHead",
    "ChallengerReport",
    "Dataset",
    "EdgeDecision",
    "ErasedPrediction",
    "Finding",
    "IdempotencyKey",
    "Identity",
    "JobEvent",
    "KeyUsage",
    "Model",
    "ModelVersion",
    "Prediction",
    "ReasonDictionary",
    "RecordTemplate",
    "RecoveryCode",
    "ReferencePopulation",
    "ReplayJob",
    "RetentionSchedule",
    "Review",
    "Revision",
    "ScoringJob",
    "SecondFactor",
    "SignInSession",
    "Signature",
    "Suspension",
    "Sweep",
    "SweepCandidate",
    "Table",
    "TrainingJob",
    "User",
    "Worker",
]
