"""The Flask application: SageMaker's routes over a registry of models."""

from __future__ import annotations

from functools import lru_cache

from flask import Flask, Response, request

from containers.content.negotiation import negotiate
from containers.media import MediaType
from containers.serving.errors import ServingError, answer
from containers.serving.registry import Registry
from containers.serving.resources import threads, workers
from containers.settings import MEGABYTE, ServeSettings

#: The name under which the only model of a container is registered.
ONLY = "model"


def create_app(models: Registry, settings: ServeSettings) -> Flask:
    """The application that answers for `models`; under the multi-model API where `settings` say so."""
    app = Flask("drydock", static_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = settings.max_payload_bytes
    app.register_error_handler(Exception, answer)

    @app.get("/ping")
    def ping() -> Response:
        healthy = settings.multi_model or ONLY in models
        return Response(status=200 if healthy else 503)

    @app.get("/execution-parameters")
    def execution_parameters() -> dict[str, int | str]:
        return {
            "MaxConcurrentTransforms": settings.max_concurrent_transforms or workers(settings) * threads(settings),
            "BatchStrategy": settings.batch_strategy,
            "MaxPayloadInMB": settings.max_payload_bytes // MEGABYTE,
        }

    if settings.multi_model:
        from containers.serving.multi_model import routes

        app.register_blueprint(routes(models, settings))
    else:

        @app.post("/invocations")
        def invocations() -> Response:
            return invoke(models, ONLY)

    return app


def invoke(models: Registry, name: str) -> Response:
    """Answer the current request with the model of that name: decode, predict, encode."""
    with models.use(name) as model:
        codec = model.codec
        content_type = _media_type(request.headers.get("Content-Type") or codec.accepts[0])
        if content_type.name not in codec.accepts:
            raise ServingError(415, f"content type {content_type.name!r} is not read; expected {', '.join(codec.accepts)}")
        accept = negotiate(request.headers.get("Accept"), codec.returns)
        if accept is None:
            raise ServingError(406, f"none of {request.headers['Accept']!r} is written; expected {', '.join(codec.returns)}")
        predictions = model.predict(codec.decode(request.get_data(cache=False), content_type))
        return Response(codec.encode(predictions, accept), content_type=accept.name)


_media_type = lru_cache(maxsize=256)(MediaType.parse)
