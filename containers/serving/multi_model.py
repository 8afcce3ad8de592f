"""SageMaker's multi-model API: load, list, describe, unload and invoke models by name."""

from __future__ import annotations

from bisect import bisect_right
from pathlib import Path

from flask import Blueprint, Response, jsonify, request

from containers.errors import UserError
from containers.serving.errors import ServingError
from containers.serving.invocation import invoke
from containers.serving.registry import Registry
from containers.settings import ServeSettings

PAGE = 100


def routes(models: Registry, settings: ServeSettings) -> Blueprint:
    """The routes under ``/models``."""
    blueprint = Blueprint("models", "models")
    root = settings.root / "models"

    @blueprint.post("/models")
    def load() -> Response:
        name, url = _load_request(request.get_json(force=True, silent=True))
        models.load(name, _directory(settings.locate(url), root), url)
        return jsonify(status="Workers scaled")

    @blueprint.get("/models")
    def describe_all() -> Response:
        urls = models.urls()
        names = list(urls)
        start = bisect_right(names, request.args.get("next_page_token", ""))  # the token is the last name of the page before
        page = names[start : start + PAGE]
        more = {"nextPageToken": page[-1]} if start + PAGE < len(names) else {}
        return jsonify(models=[_describe(name, urls[name]) for name in page], **more)

    @blueprint.get("/models/<name>")
    def describe(name: str) -> Response:
        return jsonify(_describe(name, models.url(name)))

    @blueprint.delete("/models/<name>")
    def unload(name: str) -> Response:
        models.unload(name)
        return jsonify(status=f'Model "{name}" unregistered')

    @blueprint.post("/models/<name>/invoke")
    def invoke_model(name: str) -> Response:
        body, content_type = invoke(models, name, request.environ, settings.max_payload_bytes)
        return Response(body, content_type=content_type)

    return blueprint


def _describe(name: str, url: str) -> dict[str, str]:
    return {"modelName": name, "modelUrl": url}


def _load_request(body: object) -> tuple[str, str]:
    """`model_name` and `url` of the body of a load request."""
    match body:
        case {"model_name": str(name), "url": str(url)} if "/" not in name and name not in ("", ".", "..") and url:
            return name, url
    raise UserError(
        'expected {"model_name": "...", "url": "/opt/ml/models/.../model"}; a name holds no slash, and is no "." or ".."'
    )


def _directory(path: Path, root: Path) -> Path:
    """The model directory, which has to lie inside `root` once ``..`` and links are resolved."""
    resolved = path.resolve()
    if not resolved.is_relative_to(root.resolve()):
        raise UserError(f"url: expected a directory inside {root}, got {str(path)!r}")
    if not resolved.is_dir():
        raise ServingError(404, f"url: there is no directory {str(path)!r}")
    return resolved
