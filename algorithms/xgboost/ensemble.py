"""One booster or several behind one prediction."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from threading import Lock
from typing import TYPE_CHECKING, Any

import numpy as np
import orjson
from numpy.typing import NDArray

from containers.errors import UserError

if TYPE_CHECKING:
    from xgboost import Booster

#: Objectives whose predictions are classes: an ensemble votes, where for others it averages.
VOTING = ("multi:softmax", "binary:hinge")


class Member:
    """A booster that predicts from many threads at once, each request in its own.

    Trees are thread-safe once they are configured, which the first prediction does; linear boosters are not, and take turns.
    Source: https://xgboost.readthedocs.io/en/stable/prediction.html

    Attributes
    ----------
    objective
        Its name, such as ``binary:logistic``.
    classes
        `num_class` of a multiclass objective, otherwise 0.
    features
        The width of its rows.
    """

    def __init__(self, booster: Booster) -> None:
        booster.set_param({"nthread": 1})
        learner = orjson.loads(booster.save_config())["learner"]
        self.objective: str = learner["objective"]["name"]
        self.classes = int(learner["learner_model_param"]["num_class"])
        self.features = booster.num_features()
        self._booster = booster
        self._linear = learner["gradient_booster"]["name"] == "gblinear"
        self._turn: AbstractContextManager[Any] = Lock() if self._linear else nullcontext()
        self._rounds = (0, 0) if self._linear else (0, _best_rounds(booster, learner["gradient_booster"]))
        self.predict(np.zeros((1, self.features), np.float32))

    def predict(self, features: Any) -> NDArray[np.float32]:
        """shape: (rows,), or (rows, outputs) where the objective has several outputs."""
        if self._linear:  # the library predicts in place with trees only
            return self._predict(features)
        return self._booster.inplace_predict(features, iteration_range=self._rounds, validate_features=False)

    def contributions(self, features: Any) -> NDArray[np.float32]:
        """What each feature adds to the margin, and last the bias.

        Returns
        -------
        array
            shape: (rows, features + 1), or (rows, outputs, features + 1)
        """
        return self._predict(features, pred_contribs=True)

    def _predict(self, features: Any, **options: Any) -> NDArray[np.float32]:
        from xgboost import DMatrix

        with self._turn:
            rows = DMatrix(features, nthread=1)
            return self._booster.predict(rows, iteration_range=self._rounds, validate_features=False, **options)


def _best_rounds(booster: Booster, description: dict[str, Any]) -> int:
    """Rounds up to the best one where training stopped early, otherwise 0, which means all.

    Where a release counted the trees of the best rounds too, these are taken: not each saved how many make a round.
    """
    best, trees = booster.attr("best_iteration"), booster.attr("best_ntree_limit")
    if trees is not None:
        parallel = int(description.get("gbtree", description)["gbtree_model_param"]["num_parallel_tree"])
        rounds = int(trees) // parallel
    else:
        rounds = 0 if best is None else int(best) + 1
    return min(rounds, booster.num_boosted_rounds())


class Ensemble:
    """Boosters of one objective and width that predict together.

    Raises
    ------
    UserError
        They differ.
    """

    def __init__(self, members: Sequence[Member]) -> None:
        first, *others = self._members = members
        self.objective, self.classes, self.features = first.objective, first.classes, first.features
        for index, other in enumerate(others, 1):
            for name in ("objective", "classes", "features"):
                here, there = getattr(first, name), getattr(other, name)
                if here != there:
                    raise UserError(
                        f"models of an ensemble must agree: {name} is {here!r} in the first, {there!r} in number {index}"
                    )

    def predict(self, features: Any) -> NDArray[np.float32]:
        """Their mean, or the class most of them name (the lowest of several); shape: as `Member.predict`."""
        predictions = [member.predict(features) for member in self._members]
        if len(predictions) == 1:
            return predictions[0]
        return vote(np.stack(predictions)) if self.objective in VOTING else np.mean(predictions, axis=0)

    def contributions(self, features: Any) -> NDArray[np.float32]:
        """The mean of theirs; shape: as `Member.contributions`."""
        return np.mean([member.contributions(features) for member in self._members], axis=0)


def vote(classes: NDArray[np.float32]) -> NDArray[np.float32]:
    """The commonest value of each column, shape: (voters, rows) to (rows,)."""
    values = np.unique(classes)
    votes = (classes[:, :, None] == values).sum(axis=0)  # (rows, values)
    return values[votes.argmax(axis=1)]
