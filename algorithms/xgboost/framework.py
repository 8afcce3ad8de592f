"""XGBoost as a framework: what the script of `sagemaker.xgboost.XGBoost(entry_point=…)` may leave out, and what it may import.

Source: https://sagemaker.readthedocs.io/en/stable/frameworks/xgboost/using_xgboost.html
"""

from __future__ import annotations

import io
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from containers.batch import Batch, Predictions
from containers.channels import Part
from containers.content import tabular
from containers.content.encoders import encode_csv
from containers.content.layout import DELIMITERS
from containers.content.negotiation import negotiate
from containers.content.rebatch import join
from containers.errors import UserError
from containers.media import CSV, JSON, LIBSVM, RECORDIO, MediaType
from containers.serving.errors import ServingError

if TYPE_CHECKING:
    from xgboost import Booster, DMatrix

NPY = "application/x-npy"
ACCEPTS = (LIBSVM, CSV, RECORDIO)
RETURNS = (JSON, CSV, NPY)
#: More rows than a request may have.
ALL = 1 << 30


class XGBoostFramework:
    """See `containers.algorithm.Framework`."""

    paths: tuple[Path, ...] = (Path(__file__).parent / "compat",)

    def model_fn(self, model_dir: str) -> Booster:
        """The model in a file that `Booster.save_model` wrote: ``xgboost-model``, or another where it is the only one.

        Raises
        ------
        UserError
            There is none, or several: the script has to have a `model_fn` of its own.
        """
        from algorithms.xgboost import files

        found = files.find(Path(model_dir), allow_pickle=False)
        if len(found) > 1:
            raise UserError(f"{model_dir}: several models, {', '.join(path.name for path in found)}; define model_fn")
        return files.load(found[0], allow_pickle=False)

    def input_fn(self, body: bytes | str, content_type: str) -> DMatrix:
        """The rows of a request; raises as `decode`."""
        return decode(body, content_type)

    def predict_fn(self, data: DMatrix, model: Booster) -> Any:
        """shape: (rows,) or (rows, classes), float32.

        Raises
        ------
        UserError
            The rows are wider than the model, or a table's narrower. A libsvm row leaves out what it does not have.
        """
        given, width = data.num_col(), model.num_features()
        if given > width or (given < width and not getattr(data, "sparse", True)):
            raise UserError(f"request: expected {width} features, as the model has, got {given}")
        return model.predict(data, validate_features=False)

    def output_fn(self, prediction: Any, accept: str) -> tuple[bytes, str]:
        """An array as JSON lists, CSV with a line for each row, or NumPy's own format.

        Raises
        ------
        ServingError
            406: the client accepts none of these.
        """
        media = negotiate(accept, RETURNS)
        if media is None:
            raise ServingError(406, f"none of {accept!r} is written; expected {', '.join(RETURNS)}")
        array = np.ascontiguousarray(prediction)
        if media.name == NPY:
            file = io.BytesIO()
            np.save(file, array, allow_pickle=False)
            return file.getvalue(), NPY
        if media.name == CSV:
            return encode_csv(Predictions({"score": array.reshape(len(array), -1) if array.ndim > 1 else array})), CSV
        import orjson

        return orjson.dumps(array, option=orjson.OPT_SERIALIZE_NUMPY), JSON


def decode(body: bytes | str, content_type: str) -> DMatrix:
    """The rows of a request, read as the built-in algorithm reads them.

    Raises
    ------
    ServingError
        415: not a type that is read.
    UserError
        The body is not what its type says; names the line or record.
    """
    media = MediaType.parse(content_type)
    if media.name not in ACCEPTS:
        raise ServingError(415, f"content type {media.name!r} is not read; expected {', '.join(ACCEPTS)}, or define input_fn")
    part = Part(tabular.SOURCE, io.BytesIO(body.encode() if isinstance(body, str) else body))
    batches = list(tabular.read([part], media, rows=ALL, labels=0, missing=True, delimiters=DELIMITERS))
    if not batches:
        raise UserError(f"{tabular.SOURCE}: expected at least one row, got none")
    return matrix(join(batches))


def matrix(batch: Batch) -> DMatrix:
    """Rows as xgboost takes them. Its attribute `sparse` says whether a row leaves out what it does not have."""
    from xgboost import DMatrix

    data = DMatrix(batch.features, label=batch.labels, weight=batch.weights, qid=batch.queries)
    data.sparse = batch.is_sparse
    return data
