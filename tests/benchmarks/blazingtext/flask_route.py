"""The route that one writes by hand around the official package; runs in its environment, under the same gunicorn as ours."""

from __future__ import annotations

from typing import Any

import fasttext
from flask import Flask, jsonify, request


def create(path: str) -> Any:
    """A Flask application that serves the classifier in a file."""
    app = Flask(__name__)
    model = fasttext.load_model(path)

    @app.get("/ping")
    def ping() -> str:
        return ""

    @app.post("/invocations")
    def invocations() -> Any:
        labels, probabilities = model.predict(request.get_json()["instances"], k=1)
        return jsonify([{"label": of, "prob": p.tolist()} for of, p in zip(labels, probabilities, strict=True)])

    return app
