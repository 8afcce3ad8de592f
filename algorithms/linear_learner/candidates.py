"""The models trained side by side: the given hyperparameters first, close ones after them."""

from __future__ import annotations

import itertools
from dataclasses import asdict, dataclass

from algorithms.linear_learner.hyperparameters import LinearLearnerHyperparameters
from containers.hyperparameters import AUTO

#: What AWS's own training log shows `auto` to be.
AUTO_NUM_MODELS = 32

#: `auto` learning rates: a spread over the magnitudes that work on data of unit variance, the most useful first.
AUTO_LEARNING_RATES = {
    "adam": (0.1, 0.03, 0.3, 0.01, 1.0, 0.003, 2.0, 0.5),
    "adagrad": (0.3, 0.1, 1.0, 0.03, 3.0, 0.5, 0.05, 0.01),
    "rmsprop": (0.03, 0.01, 0.1, 0.003, 0.3, 0.001, 1.0, 0.05),
    "sgd": (0.1, 0.03, 0.3, 0.01, 1.0, 0.003, 0.5, 0.05),
}
#: Around a learning rate that was given.
LEARNING_RATE_SPREAD = (1.0, 3.0, 1 / 3, 10.0, 0.1, 2.0, 0.5, 5.0)
#: (wd, l1) where both are `auto`.
AUTO_PENALTIES = ((0.0, 0.0), (1e-4, 0.0), (1e-3, 0.0), (0.0, 1e-4))
PENALTY_SPREAD = (1.0, 0.1, 10.0, 0.01)


@dataclass(frozen=True, slots=True)
class Candidate:
    """What distinguishes one of the models; the rest of the hyperparameters is common to all."""

    learning_rate: float
    wd: float
    l1: float
    positive_weight: float = 1.0

    def as_dict(self) -> dict[str, float]:
        return asdict(self)


def optimizer_of(hp: LinearLearnerHyperparameters) -> str:
    """The optimizer, ``auto`` resolved."""
    return "adam" if hp.optimizer == AUTO else hp.optimizer


def spread(hp: LinearLearnerHyperparameters, count: int, balanced_weight: float) -> list[Candidate]:
    """The `count` models to train.

    The first is trained with the values given. What was given as 0 stays 0; what is `auto` covers the magnitudes that are
    usual on normalised data; the others lie around the value given.

    Parameters
    ----------
    balanced_weight
        Negatives per positive in the training data: the weight of a positive example under ``balanced``.
    """
    rates = (
        AUTO_LEARNING_RATES[optimizer_of(hp)]
        if hp.learning_rate == AUTO
        else tuple(hp.learning_rate * factor for factor in LEARNING_RATE_SPREAD)
    )
    weights: tuple[float, ...]
    match hp.positive_example_weight_mult:
        case "balanced":
            weights = (balanced_weight,)
        case "auto":
            weights = (1.0, balanced_weight, balanced_weight**0.5)
        case given:
            weights = (float(given),)
    # The learning rate matters most and varies quickest, then the weight of positives, then the penalties.
    grid = [(wd, l1, weight, rate) for wd, l1 in _penalties(hp) for weight in weights for rate in rates]
    # More models than the grid has points: the same points at ever smaller learning rates.
    models = (Candidate(rate * 0.7**turn, wd, l1, weight) for turn in itertools.count() for wd, l1, weight, rate in grid)
    return list(itertools.islice(models, count))


def _penalties(hp: LinearLearnerHyperparameters) -> list[tuple[float, float]]:
    if hp.wd == AUTO and hp.l1 == AUTO:
        return list(AUTO_PENALTIES)
    wds = (0.0, 1e-4) if hp.wd == AUTO else tuple(hp.wd * f for f in PENALTY_SPREAD)
    l1s = (0.0, 1e-4) if hp.l1 == AUTO else tuple(hp.l1 * f for f in PENALTY_SPREAD)
    pairs = sorted(itertools.product(range(len(wds)), range(len(l1s))), key=sum)  # both given values first, then nearest
    return list(dict.fromkeys((wds[i], l1s[j]) for i, j in pairs))
