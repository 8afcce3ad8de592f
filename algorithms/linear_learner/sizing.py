"""How much memory training takes, known as soon as the width of the data is."""

from __future__ import annotations

import logging

from algorithms.linear_learner.candidates import AUTO_NUM_MODELS, optimizer_of
from algorithms.linear_learner.hyperparameters import LinearLearnerHyperparameters
from algorithms.linear_learner.optimizers import OPTIMIZERS
from algorithms.training.memory import memory_limit
from containers.errors import UserError
from containers.hyperparameters import AUTO

log = logging.getLogger(__name__)


def model_bytes(hp: LinearLearnerHyperparameters, features: int) -> int:
    """Bytes that one more model takes.

    For each output: weights, their average, the best ones, the optimizer's slots, a gradient and something to work with for
    every feature; scores, slopes and something to work with for every row of a mini-batch; in float32.
    """
    return 4 * hp.outputs * (features * (OPTIMIZERS[optimizer_of(hp)].slots + 6) + hp.mini_batch_size * 6)


def check_size(hp: LinearLearnerHyperparameters, features: int, where: str) -> None:
    """Refuse data for which the models cannot fit into memory: the width may be no more than what a header claims.

    Raises
    ------
    UserError
        Names `where` the width comes from, and the memory it would take.
    """
    models = 1 if hp.num_models == AUTO else int(hp.num_models)
    needed, limit = models * model_bytes(hp, features), memory_limit()
    if needed > limit:
        count = "one model" if models == 1 else f"{models} models"
        raise UserError(
            f"{where}: {count} of {features} features x {hp.outputs} outputs would take {needed / 1e9:.1f} GB of memory, "
            f"of which there are {limit / 1e9:.1f} GB"
        )


def models_for(hp: LinearLearnerHyperparameters, features: int, *, tuning: bool) -> int:
    """How many models to train: one inside a tuning job, whose tuner varies them; else what is given, or what fits."""
    if tuning:
        return 1
    if hp.num_models != AUTO:
        return int(hp.num_models)
    models = max(1, min(AUTO_NUM_MODELS, memory_limit() // 3 // model_bytes(hp, features)))
    if models < AUTO_NUM_MODELS:
        log.warning("num_models=auto: %d models, since more of %d x %d weights do not fit", models, features, hp.outputs)
    return models
