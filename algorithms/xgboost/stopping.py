"""The best round so far, and when to wait no longer for a better one."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from algorithms.xgboost.checkpoints import Checkpoints

if TYPE_CHECKING:
    from xgboost import Booster


class EarlyStopping:
    """Ends training when a metric has not improved for some rounds, and keeps the best one.

    Best round and score are attributes of the booster, by xgboost's own names, so that a checkpoint holds them.

    Parameters
    ----------
    metric
        Such as ``validation:rmse``.
    patience
        Rounds without improvement after which training ends.
    sliceable
        Whether the first rounds of the booster are the model that it was then; a dart changes the weights of its older trees
        and a linear model has no rounds to take apart, so of these the best model is kept aside.
    """

    def __init__(self, metric: str, maximize: bool, patience: int, sliceable: bool, checkpoints: Checkpoints) -> None:
        self._metric, self._sign, self._patience, self._sliceable = metric, -1 if maximize else 1, patience, sliceable
        self._checkpoints = checkpoints

    def over(self, booster: Booster, finished: int) -> bool:
        """Whether to train no further after that many rounds."""
        best = booster.attr("best_iteration")
        return best is not None and finished - 1 - int(best) >= self._patience

    def judge(self, booster: Booster, epoch: int, values: dict[str, float]) -> None:
        """Note the round, if it is the best so far."""
        value, best = values[self._metric], booster.attr("best_score")
        if best is None or math.isnan(float(best)) or self._sign * value < self._sign * float(best):
            booster.set_attr(best_iteration=str(epoch), best_score=repr(value))
            if not self._sliceable:
                self._checkpoints.keep_best(booster)

    def best(self, booster: Booster) -> Booster:
        """The model of the best round."""
        best = booster.attr("best_iteration")
        if best is None or int(best) + 1 == booster.num_boosted_rounds():
            return booster
        if not self._sliceable:
            return self._checkpoints.best() or booster
        beginning = booster[: int(best) + 1]
        beginning.set_attr(**booster.attributes())  # a slice has none
        return beginning
