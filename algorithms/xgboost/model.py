"""The served model: what lies in a model directory, and its predictions."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from numpy.typing import NDArray

from algorithms.xgboost import files, outputs
from algorithms.xgboost.codec import RETURNS, Explained, XGBoostCodec
from algorithms.xgboost.ensemble import Ensemble, Member
from containers.algorithm import Codec
from containers.batch import Batch, Predictions
from containers.errors import UserError
from containers.media import CSV, MediaType

if TYPE_CHECKING:
    from containers.settings import ServeSettings

#: What answers a request that accepts anything; CSV if not given.
ACCEPT = "SAGEMAKER_DEFAULT_INVOCATIONS_ACCEPT"
#: `false` serves the first of several models, alone.
ENSEMBLE = "SAGEMAKER_INFERENCE_ENSEMBLE"


class XGBoostModel:
    """Boosters with the answers that the environment selects.

    Parameters
    ----------
    keys
        Outputs to answer with, of `outputs.KEYS`; none for the predictions as they are, named ``score``.
    accept
        What answers a request that accepts anything.
    """

    def __init__(self, ensemble: Ensemble, keys: Sequence[str] = (), accept: str = CSV) -> None:
        self._ensemble = ensemble
        self._keys = tuple(keys)
        self.codec: Codec = XGBoostCodec(ensemble.features, accept=accept, nested=bool(keys))

    def predict(self, batch: Batch) -> Predictions:
        """Scores or selected outputs, or the contributions of an `Explained` batch."""
        return Predictions(self._columns(batch), batch.uids)

    def _columns(self, batch: Batch) -> dict[str, NDArray[Any]]:
        rows = batch.features
        if batch.is_sparse:
            from scipy.sparse import csr_matrix  # the library knows no csr_array

            rows = csr_matrix((rows.data, rows.indices, rows.indptr), rows.shape)
        if isinstance(batch, Explained):
            return {"contributions": self._ensemble.contributions(rows)}
        scores = self._ensemble.predict(rows)
        if not self._keys:
            return {"score": scores}
        return outputs.select(self._keys, scores, self._ensemble.objective, self._ensemble.classes)

    @classmethod
    def load(cls, directory: Path, settings: ServeSettings) -> XGBoostModel:
        """Load what lies in a model directory, as the environment says.

        Raises
        ------
        UserError
            There is no model, one is damaged, several do not fit together, or a variable says what cannot be.
        """
        allow_pickle = settings.switch(files.ALLOW_PICKLE, default=False)
        paths = files.find(directory, allow_pickle)
        if not settings.switch(ENSEMBLE, default=True):
            paths = paths[:1]
        ensemble = Ensemble([Member(files.load(path, allow_pickle)) for path in paths])
        accept = MediaType.parse(settings.environ.get(ACCEPT) or CSV).name
        if accept not in RETURNS:
            raise UserError(f"environment variable {ACCEPT}: expected one of {', '.join(RETURNS)}, got {accept!r}")
        return cls(ensemble, outputs.parse(settings.environ.get(outputs.VARIABLE, ""), ensemble.objective), accept)
