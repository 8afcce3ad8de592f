"""What goes wrong while serving, as HTTP: the one place where errors become statuses."""

from __future__ import annotations

import logging
import uuid

from flask import Response, jsonify, request
from werkzeug.exceptions import HTTPException, RequestEntityTooLarge

from containers.errors import UserError

log = logging.getLogger(__name__)


class ServingError(UserError):
    """A refusal that has an HTTP status of its own; any other `UserError` is a 400."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


def answer(error: Exception) -> Response:
    """The response to an error. Traces go to the log, under the id that the client is told."""
    match error:
        case ServingError():
            return _write(error.status, str(error))
        case UserError():
            return _write(400, str(error))
        case RequestEntityTooLarge():
            return _write(413, f"request: expected a body of at most {request.max_content_length} bytes")
        case HTTPException():
            return _write(error.code or 500, f"{error.name}: {request.method} {request.path}")
        case MemoryError():
            log.exception("out of memory")
            return _write(507, "out of memory")
    ticket = uuid.uuid4().hex
    log.error("error %s", ticket, exc_info=error)
    return _write(500, f"internal error {ticket}; the log has the details")


def _write(status: int, message: str) -> Response:
    """JSON for the multi-model API, as its peer writes it; plain text, which SageMaker shows to the caller, elsewhere."""
    if request.path.startswith("/models"):
        response = jsonify(message=message)
        response.status_code = status
        return response
    return Response(message, status, content_type="text/plain; charset=utf-8")
