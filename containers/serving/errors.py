"""What goes wrong while serving, as HTTP: the one place where errors become statuses."""

from __future__ import annotations

import logging
import uuid

import orjson
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response

from containers.errors import UserError

log = logging.getLogger(__name__)


class ServingError(UserError):
    """A refusal that has an HTTP status of its own; any other `UserError` is a 400."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


def answer(error: Exception, path: str) -> Response:
    """The response to an error in a request for `path`. Traces go to the log, under the id that the client is told."""
    match error:
        case ServingError():
            return _write(error.status, str(error), path)
        case UserError():
            return _write(400, str(error), path)
        case HTTPException():
            response = _write(error.code or 500, f"{error.name}: {path}", path)
            for name, value in error.get_response().headers:  # such as Allow, without which there is no 405
                response.headers.setdefault(name, value)
            return response
        case MemoryError():
            log.error("out of memory", exc_info=error)
            return _write(507, "out of memory", path)
    ticket = uuid.uuid4().hex
    log.error("error %s", ticket, exc_info=error)
    return _write(500, f"internal error {ticket}; the log has the details", path)


def _write(status: int, message: str, path: str) -> Response:
    """JSON for the multi-model API, as its peer writes it; plain text, which SageMaker shows to the caller, elsewhere."""
    if path.startswith("/models"):
        return Response(orjson.dumps({"message": message}), status, content_type="application/json")
    return Response(message, status, content_type="text/plain; charset=utf-8")
