"""A user's serving script: its functions, and those of the framework for the ones it leaves out."""

from __future__ import annotations

import importlib.util
import logging
import sys
from collections.abc import Callable
from pathlib import Path
from threading import Lock
from types import ModuleType
from typing import Any, Self

from werkzeug.wrappers import Response

from containers.algorithm import Framework
from containers.errors import DrydockError, UserError
from containers.media import CSV, JSON, MediaType
from containers.script.program import NAME, Program
from containers.settings import ServeSettings

log = logging.getLogger(__name__)

#: What an environment says of requests that accept anything.
DEFAULT_ACCEPT = "SAGEMAKER_DEFAULT_INVOCATIONS_ACCEPT"
#: Types whose bodies a script's functions are given as text; all others come as bytes.
TEXT = frozenset({CSV, JSON})


class ScriptModel:
    """A model that a script has loaded and answers for.

    Parameters
    ----------
    model
        What the script's `model_fn` returned.
    transform
        The script's `transform_fn`, or the three others as one: model, body, content type and accept to the answer.
    default_accept
        What the functions are told where the client accepts anything.
    """

    def __init__(self, model: Any, transform: Callable[[Any, Any, str, str], Any], default_accept: str = JSON) -> None:
        self._model = model
        self._transform = transform
        self._default_accept = default_accept
        # AWS's server calls a script's functions one at a time in each worker, and they are written for that.
        self._lock = Lock()

    @classmethod
    def load(cls, framework: Framework, model_dir: Path, settings: ServeSettings) -> Self:
        """Import the script that the settings name and let it load the model.

        Raises
        ------
        UserError
            The script fails, or defines both `transform_fn` and one of those that it replaces.
        """
        program = Program.find(Path(str(settings.submit_directory)), str(settings.program))
        try:
            module = _import(program)
            transform = _transform(module, framework, program.name)
            model = getattr(module, "model_fn", framework.model_fn)(str(model_dir))
        except (DrydockError, MemoryError):
            raise
        except Exception as error:
            log.exception("%s failed", program.name)
            raise UserError(f"{program.name}: {type(error).__name__}: {error}") from error
        return cls(model, transform, settings.environ.get(DEFAULT_ACCEPT) or JSON)

    def answer(self, body: bytes, content_type: str, accept: str) -> tuple[bytes, str]:
        """Body and media type of the answer; the headers are the request's, empty where it has none.

        Raises
        ------
        UserError
            Text is not UTF-8, or one of the framework's functions refuses the request.
        """
        content_type = content_type or JSON
        accept = self._default_accept if accept.strip() in ("", "*/*") else accept
        content: bytes | str = body
        if MediaType.parse(content_type).name in TEXT:
            try:
                content = body.decode()
            except UnicodeDecodeError as error:
                raise UserError(f"request: expected UTF-8: {error}") from None
        with self._lock:
            result = self._transform(self._model, content, content_type, accept)
        return _response(result, accept)


def _import(program: Program) -> ModuleType:
    name = program.path.stem
    if name in sys.modules:
        raise UserError(f"{NAME}: {program.name}: there is a module {name!r} already; give the script another name")
    specification = importlib.util.spec_from_file_location(name, program.path)
    if specification is None or specification.loader is None:
        raise UserError(f"{NAME}: expected a Python file to serve with, got {program.name!r}")
    module = importlib.util.module_from_spec(specification)
    sys.modules[name] = module  # where pickles of the script's classes look for them
    specification.loader.exec_module(module)
    return module


def _transform(module: ModuleType, framework: Framework, name: str) -> Callable[[Any, Any, str, str], Any]:
    """How the script answers a request."""
    given = {step: getattr(module, step) for step in ("input_fn", "predict_fn", "output_fn") if hasattr(module, step)}
    transform: Callable[[Any, Any, str, str], Any] | None = getattr(module, "transform_fn", None)
    if transform is not None:
        if given:
            raise UserError(f"{name}: transform_fn takes the place of {', '.join(given)}; define it or them")
        return transform
    input_fn = given.get("input_fn", framework.input_fn)
    predict_fn = given.get("predict_fn", framework.predict_fn)
    output_fn = given.get("output_fn", framework.output_fn)
    return lambda model, body, content_type, accept: output_fn(predict_fn(input_fn(body, content_type), model), accept)


def _response(result: Any, accept: str) -> tuple[bytes, str]:
    """What a function may return: bytes or text, with or without a media type, or a response of Flask's."""
    if isinstance(result, Response):
        return result.get_data(), result.content_type or accept
    if isinstance(result, tuple) and len(result) == 2:
        result, accept = result
    elif "," in accept or ";" in accept:  # a header of several: the function has chosen, and the first is what clients mean
        accept = MediaType.parse(accept.partition(",")[0]).name
    if isinstance(result, str):
        return result.encode(), accept
    if isinstance(result, bytes | bytearray | memoryview):
        return bytes(result), accept
    raise TypeError(f"a script's answer: expected bytes, text, (either, media type) or a response, got {type(result).__name__}")
