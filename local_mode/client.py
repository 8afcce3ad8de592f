"""HTTP requests to an endpoint, on this machine or elsewhere."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from http.client import HTTPException
from urllib.parse import urlsplit

from containers.errors import UserError
from local_mode.errors import InvocationFailed

#: Seconds an answer may take, as in SageMaker.
RESPONSE_LIMIT = 60.0
LOOPBACK_NAMES = ("127.0.0.1", "::1", "localhost")


def endpoint_url(text: str) -> str:
    """The URL of ``/invocations`` from what a user types: a port, host and port, or a URL with or without that path."""
    if text.isdigit():
        text = f"127.0.0.1:{text}"
    if "://" not in text:
        text = f"http://{text}"
    parts = urlsplit(text)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise UserError(f"endpoint: expected a port or an http(s) URL, got {text!r}")
    return text if parts.path.strip("/") else f"{text.rstrip('/')}/invocations"


def invoke(url: str, body: bytes, content_type: str, accept: str | None = None) -> bytes:
    """POST a body to an endpoint and return the body of its answer.

    Raises
    ------
    InvocationFailed
        The answer is an error, or there is none.
    """
    headers = {"Content-Type": content_type, **({"Accept": accept} if accept else {})}
    request = urllib.request.Request(endpoint_url(url), body, headers, method="POST")  # noqa: S310 - http(s), see endpoint_url
    try:
        with _opener(request.host).open(request, timeout=RESPONSE_LIMIT) as answer:
            content: bytes = answer.read()
            return content
    except urllib.error.HTTPError as error:
        raise InvocationFailed(f"{error.code} {error.reason}: {_message(error.read())}", error.code) from None
    except (OSError, HTTPException) as error:
        reason = error.reason if isinstance(error, urllib.error.URLError) else error
        raise InvocationFailed(f"no answer from {request.full_url}: {reason}") from None


def is_healthy(url: str) -> bool:
    """Whether ``/ping`` answers 200 now."""
    request = urllib.request.Request(f"{url}/ping")  # noqa: S310
    try:
        with _opener(request.host).open(request, timeout=2) as answer:
            return bool(answer.status == 200)
    except (OSError, HTTPException):
        return False


def _opener(host: str) -> urllib.request.OpenerDirector:
    """Proxies of the environment are for other machines."""
    local = (urlsplit(f"//{host}").hostname or "") in LOOPBACK_NAMES
    return urllib.request.build_opener(*([urllib.request.ProxyHandler({})] if local else []))


def _message(body: bytes) -> str:
    """The words of an error answer, which may be JSON with a member `message` or `error`."""
    text = body.decode(errors="replace").strip()
    try:
        content = json.loads(text)
    except ValueError:
        return text
    if isinstance(content, dict):
        return str(content.get("message") or content.get("error") or text)
    return text
