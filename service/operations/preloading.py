"""Champions in memory before the first call: the first caller does not wait for a version to be read and prepared.

In the first process after an installation the loops that answer are compiled on the way too, which takes seconds.
"""

import structlog

from service.domain.predictions import PredictionRequest
from service.errors import EdgewiseError, Unavailable
from service.operations.explanations import Asked
from service.operations.prediction_plans import Target, get_plan
from service.operations.resources import Resources
from service.storage import models

_log = structlog.get_logger()


def load_champions(resources: Resources) -> int:
    """Plan and compute an answer of as many champions as a process keeps; how many there were.

    One that cannot be used now is left to its first caller, who is told why. Raises: leaves of Unavailable.
    """
    with resources.database.read() as session:
        aliases = models.all_aliases(session, resources.settings.loaded_versions)
    asked, loaded = Asked.of(PredictionRequest(rows=({},))), 0
    for model in sorted({one.model for one in aliases if one.alias == "champion"}):
        try:
            plan = get_plan(resources, Target(model), asked)
        except Unavailable:
            raise
        except EdgewiseError as error:
            _log.warning("champion_not_loaded", model=model, code=error.code)
            continue
        plan.network.fitted.prepared.trace(plan.basis.reference.rows[:1].numpy())
        loaded += 1
    return loaded
