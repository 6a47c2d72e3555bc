"""The web application: the composition root of `edgewise serve`."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.metadata import version
from pathlib import Path

from fastapi import APIRouter, FastAPI
from fastapi.routing import APIRoute

from service.api import (
    api_keys,
    audit_events,
    counterfactuals,
    datasets,
    features,
    findings,
    health,
    identity_providers,
    inference,
    invocations,
    metrics,
    middleware,
    models,
    monitoring,
    predictions,
    problems,
    reason_dictionaries,
    references,
    replay_jobs,
    retention,
    reviews,
    revisions,
    scoring_jobs,
    second_factors,
    sessions,
    suspensions,
    sweeps,
    tracing,
    training_jobs,
    users,
    versions,
    workers,
)
from service.api.prediction_lane import PredictionLane
from service.log import configure_log
from service.operations.resources import Resources, open_resources
from service.settings import Settings

API_PREFIX = "/api/v1"
STATIC_DIRECTORY = Path(__file__).parent / "static"


def create_app(settings: Settings, resources: Resources | None = None) -> FastAPI:
    """Build the application; tests hand in their own resources."""
    configure_log()
    opened = resources or open_resources(settings)

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        yield
        opened.close()

    app = FastAPI(
        title="Edgewise",
        version=version("edgewise"),
        description="Explainable predictions from Kolmogorov-Arnold networks: trained, reviewed, signed, replayed.",
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
        openapi_url=f"{API_PREFIX}/openapi.json",
        generate_unique_id_function=operation_id,
        separate_input_output_schemas=False,
        responses={"4XX": {"model": problems.Problem, "content": {problems.MEDIA_TYPE: {}}}},
    )
    app.state.resources = opened
    problems.install(app)
    app.add_middleware(PredictionLane, routes=app, resources=opened)
    middleware.install(app, settings.allowed_hosts)
    largest = settings.maximum_body_bytes
    tracing.install(app, opened.tracer)
    metrics.install(app, opened.meters)
    app.include_router(health.router)
    app.include_router(metrics.router)
    app.include_router(inference.router, max_body_size=largest)
    app.include_router(_api(settings), prefix=API_PREFIX, max_body_size=largest)
    if STATIC_DIRECTORY.is_dir():
        app.frontend("/", directory=STATIC_DIRECTORY, fallback="index.html")
    return app


def operation_id(route: APIRoute) -> str:
    """`create_predictions` → `createPredictions`: the function's name is the operation's name."""
    first, *rest = route.name.split("_")
    return first + "".join(word.capitalize() for word in rest)


def _api(settings: Settings) -> APIRouter:
    api = APIRouter()
    api.include_router(sessions.router)
    api.include_router(identity_providers.router)
    api.include_router(second_factors.router)
    api.include_router(users.router)
    api.include_router(api_keys.router)
    api.include_router(datasets.build_router(settings.maximum_upload_bytes))
    api.include_router(models.router)
    api.include_router(versions.router)
    api.include_router(revisions.router)
    api.include_router(suspensions.router)
    api.include_router(monitoring.router)
    api.include_router(features.router)
    api.include_router(findings.router)
    api.include_router(references.router)
    api.include_router(reason_dictionaries.router)
    api.include_router(training_jobs.router)
    api.include_router(sweeps.router)
    api.include_router(workers.router)
    api.include_router(predictions.router)
    api.include_router(invocations.router)
    api.include_router(scoring_jobs.build_router(settings.maximum_upload_bytes))
    api.include_router(replay_jobs.router)
    api.include_router(counterfactuals.router)
    api.include_router(retention.router)
    api.include_router(reviews.router)
    api.include_router(audit_events.router)
    return api
