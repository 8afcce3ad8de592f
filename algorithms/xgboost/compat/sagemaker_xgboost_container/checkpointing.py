"""Checkpoints of a script's own training, in the files that the built-in algorithm writes."""

from __future__ import annotations

from pathlib import Path

from xgboost import Booster, collective
from xgboost.callback import TrainingCallback

from algorithms.xgboost.checkpoints import Checkpoints


def load_checkpoint(checkpoint_dir: str | None, max_try: int = 5) -> tuple[bytearray | None, int]:
    """The newest checkpoint, for `xgboost.train(xgb_model=…)`, and how many rounds are over; None and 0 without one."""
    found = Checkpoints(Path(checkpoint_dir) if checkpoint_dir else None).latest()
    return (None, 0) if found is None else (bytearray(found[0]), found[1])


def save_checkpoint(checkpoint_dir: str, *_: object, **__: object) -> TrainingCallback:
    """A callback that writes the model after every round, and keeps the last five; on the first host only.

    The rounds are counted by the model itself, so that what else AWS's function may be given is not needed.
    """
    return _Saving(Checkpoints(Path(checkpoint_dir)))


class _Saving(TrainingCallback):
    def __init__(self, checkpoints: Checkpoints) -> None:
        super().__init__()
        self._checkpoints = checkpoints

    def after_iteration(self, model: Booster, epoch: int, evals_log: TrainingCallback.EvalsLog) -> bool:
        if collective.get_rank() == 0:
            self._checkpoints.save(model, model.num_boosted_rounds() - 1)
        return False
