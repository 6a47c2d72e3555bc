"""A version with more than 500 edges, as no training leaves them: for the pages to show what they bear."""

import uuid
from pathlib import Path
from unittest.mock import patch

from kan.estimator import KANClassifier
from service.domain.training_configuration import TrainingConfiguration
from service.operations.resources import open_resources
from service.operations.training_runs import run_training_job
from service.settings import Settings
from service.storage import tables

MODEL = "breast-cancer"
WIDE = TrainingConfiguration(hidden=(17,), optimizer="adam", steps=3, grid_size=5, symbolify=False)


def add_wide_version(data_dir: Path) -> int:
    """Train a version of the demo's model without pruning, in this process, and return its number."""
    resources = open_resources(Settings(data_dir=data_dir))
    try:
        with resources.database.write() as session:
            first = session.query(tables.TrainingJob).filter_by(model=MODEL, version=1).one()
            columns = {column.key: getattr(first, column.key) for column in tables.TrainingJob.__table__.columns}
            job_id = str(uuid.uuid4())
            changed = {"id": job_id, "state": "queued", "version": None, "attempt": 0, "message": "Wide"}
            session.add(tables.TrainingJob(**columns | changed | {"configuration": WIDE.model_dump(mode="json")}))
        # Pruning is the step that would leave fewer edges.
        with patch.object(KANClassifier, "simplify", lambda self, *_, **__: self):
            assert run_training_job(resources, job_id) == "succeeded"
        with resources.database.read() as session:
            return int(session.get_one(tables.TrainingJob, job_id).version or 0)
    finally:
        resources.close()
