"""The Flask application: SageMaker's routes over a registry of models."""

from __future__ import annotations

from flask import Flask, Response, request

from containers.serving.errors import answer
from containers.serving.invocation import Invocations
from containers.serving.multi_model import routes
from containers.serving.registry import Registry
from containers.serving.resources import threads, workers
from containers.settings import ServeSettings

#: The name under which the only model of a container is registered.
ONLY = "model"
#: What batch transform sends at once unless it is told otherwise.
DEFAULT_TRANSFORM_MEGABYTES = 6


class Plain(Response):
    """What says nothing of its type is text, and not HTML."""

    default_mimetype = "text/plain"


def create_app(models: Registry, settings: ServeSettings) -> Flask:
    """The application that answers for `models`: for the one called `ONLY`, or for all under the multi-model API."""
    app = Flask("drydock", static_folder=None)
    app.response_class = Plain
    app.config["MAX_CONTENT_LENGTH"] = settings.max_payload_bytes
    app.register_error_handler(Exception, lambda error: answer(error, request.path))

    @app.get("/ping")
    def ping() -> tuple[str, int]:
        return "", 200 if settings.multi_model or ONLY in models else 503

    @app.get("/execution-parameters")
    def execution_parameters() -> dict[str, int | str]:
        return {
            "MaxConcurrentTransforms": settings.max_concurrent_transforms or workers(settings) * threads(settings),
            "BatchStrategy": settings.batch_strategy,
            "MaxPayloadInMB": settings.max_payload_megabytes or DEFAULT_TRANSFORM_MEGABYTES,
        }

    if settings.multi_model:
        app.register_blueprint(routes(models, settings))
    else:
        app.wsgi_app = Invocations(app.wsgi_app, models, ONLY, settings)  # type: ignore[method-assign]
    return app
