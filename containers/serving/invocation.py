"""One request to one model, the whole way: headers, decode, predict, encode."""

from __future__ import annotations

import socket
from collections.abc import Iterable
from functools import lru_cache
from typing import TYPE_CHECKING

from werkzeug.exceptions import MethodNotAllowed
from werkzeug.wsgi import get_content_length, get_input_stream

from containers.content.negotiation import negotiate
from containers.errors import UserError
from containers.media import PARQUET, RECORDIO, MediaType
from containers.script.answering import ScriptModel
from containers.serving.errors import ServingError, answer
from containers.serving.registry import Registry
from containers.settings import ServeSettings

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

#: What text may be encoded in, as the parameter `charset` spells it.
CHARSETS = frozenset({"utf-8", "utf8", "us-ascii", "ascii"})


class Invocations:
    """Answers ``/invocations`` in front of a WSGI application, which gets everything else.

    Flask's routing, contexts and signals would take longer than a small model does.
    """

    def __init__(self, app: WSGIApplication, models: Registry, name: str, settings: ServeSettings) -> None:
        self._app = app
        self._models = models
        self._name = name
        self._limit = settings.max_payload_bytes

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        path = environ["PATH_INFO"]
        if path != "/invocations":
            return self._app(environ, start_response)
        try:
            if environ["REQUEST_METHOD"] != "POST":
                raise MethodNotAllowed(["POST"])
            body, content_type = invoke(self._models, self._name, environ, self._limit)
        except Exception as error:
            return answer(error, path)(environ, start_response)
        start_response("200 OK", [("Content-Type", content_type), ("Content-Length", str(len(body)))])
        return [body]


def invoke(models: Registry, name: str, environ: WSGIEnvironment, limit: int) -> tuple[bytes, str]:
    """Body and media type of the answer of the model of that name.

    Raises
    ------
    ServingError
        404: no such model; 406: the client accepts nothing we write; 408: it stopped in the middle of the body; 413: the body
        is longer than `limit` bytes; 415: we do not read its type or its charset.
    UserError
        The body is not what its type says, or not what the model takes.
    """
    with models.use(name) as model:
        if isinstance(model, ScriptModel):  # which knows its types itself
            return model.answer(_read(environ, limit), environ.get("CONTENT_TYPE", ""), environ.get("HTTP_ACCEPT", ""))
        codec = model.codec
        content_type = _media_type(environ.get("CONTENT_TYPE") or codec.accepts[0])
        if content_type.name not in codec.accepts:
            raise ServingError(415, f"content type {content_type.name!r} is not read; expected {', '.join(codec.accepts)}")
        charset = content_type.parameters.get("charset", "utf-8")
        if content_type.name not in (RECORDIO, PARQUET) and charset.lower() not in CHARSETS:
            raise ServingError(415, f"charset {charset!r} is not read; expected utf-8 or us-ascii")
        in_kind = content_type.name in getattr(codec, "in_kind", ())
        accept = content_type if in_kind else negotiate(environ.get("HTTP_ACCEPT"), codec.returns)
        if accept is None:
            raise ServingError(406, f"none of {environ['HTTP_ACCEPT']!r} is written; expected {', '.join(codec.returns)}")
        batch = codec.decode(_read(environ, limit), content_type)
        return codec.encode(model.predict(batch), accept), accept.name


def _read(environ: WSGIEnvironment, limit: int) -> bytes:
    """The body, whole: werkzeug's own limit would cut a chunked one off without a word."""
    announced = get_content_length(environ)
    try:
        body = b"" if announced is not None and announced > limit else get_input_stream(environ).read(limit + 1)
    except BlockingIOError:  # the server's sockets end a read after `read_seconds`
        environ["gunicorn.socket"].shutdown(socket.SHUT_RD)  # so that it closes the connection, without lingering for the rest
        raise ServingError(408, "request: the rest of the body did not come within DRYDOCK_READ_SECONDS") from None
    if max(announced or 0, len(body)) > limit:
        raise ServingError(413, f"request: expected a body of at most {limit} bytes")
    if announced is not None and len(body) < announced:
        raise UserError(f"request: the body ends after {len(body)} of {announced} bytes")
    return body


_media_type = lru_cache(maxsize=256)(MediaType.parse)
