"""Linear Learner's hyperparameters, in the order of AWS's page.

Source: https://docs.aws.amazon.com/sagemaker/latest/dg/ll_hyperparameters.html
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Literal

from algorithms.linear_learner.losses import DEFAULT_LOSS, LOSSES
from containers.hyperparameters import AUTO, Auto, Hyperparameters, choice, flag, number

PREDICTOR_TYPES = ("binary_classifier", "multiclass_classifier", "regressor")
CRITERIA = ("accuracy", "f_beta", "precision_at_target_recall", "recall_at_target_precision", "loss_function")
#: Older names that the SDK still sends, and what they mean.
LEGACY_CRITERIA = {"f1": "f_beta", "cross_entropy_loss": "loss_function"}
OPTIMIZERS = ("sgd", "adam", "adagrad", "rmsprop")

_BINARY = "predictor_type=binary_classifier"
_MULTICLASS = "predictor_type=multiclass_classifier"
_SCHEDULER = "use_lr_scheduler=true"


class LinearLearnerHyperparameters(Hyperparameters):
    """What a user sets; see the package's README for the table made from these declarations."""

    predictor_type: str = choice(*PREDICTOR_TYPES)
    num_classes: int | None = number(default=None, ge=1, le=1_000_000, applies=_MULTICLASS)
    accuracy_top_k: int = number(default=3, ge=1, le=1_000_000, applies=_MULTICLASS)
    balance_multiclass_weights: bool = flag(default=False, applies=_MULTICLASS)
    beta_1: float | Auto = number(default=AUTO, ge=0, lt=1, applies="optimizer=adam")
    beta_2: float | Auto = number(default=AUTO, ge=0, lt=1, applies="optimizer=adam")
    bias_lr_mult: float | Auto = number(default=AUTO, gt=0)
    bias_wd_mult: float | Auto = number(default=AUTO, ge=0)
    binary_classifier_model_selection_criteria: str = choice(*CRITERIA, *LEGACY_CRITERIA, default="accuracy", applies=_BINARY)
    early_stopping_patience: int = number(default=3, ge=1)
    early_stopping_tolerance: float = number(default=0.001, gt=0)
    epochs: int = number(default=15, ge=1)
    f_beta: float = number(default=1.0, gt=0, applies="classification")
    feature_dim: int | Auto = number(default=AUTO, ge=1)
    huber_delta: float = number(default=1.0, ge=0, applies="loss=huber_loss")
    init_bias: float = number(default=0.0)
    init_method: str = choice("uniform", "normal", default="uniform")
    init_scale: float = number(default=0.07, gt=0, applies="init_method=uniform")
    init_sigma: float = number(default=0.01, gt=0, applies="init_method=normal")
    l1: float | Auto = number(default=AUTO, ge=0, tune=(1e-7, 1))
    learning_rate: float | Auto = number(default=AUTO, gt=0, tune=(1e-5, 1))
    loss: str = choice(AUTO, *LOSSES, default=AUTO)
    loss_insensitivity: float = number(default=0.01, gt=0, applies="loss=eps_insensitive_*")
    lr_scheduler_factor: float | Auto = number(default=AUTO, gt=0, lt=1, applies=_SCHEDULER)
    lr_scheduler_minimum_lr: float | Auto = number(default=AUTO, gt=0, applies=_SCHEDULER)
    lr_scheduler_step: int | Auto = number(default=AUTO, ge=1, applies=_SCHEDULER)
    margin: float = number(default=1.0, ge=0, applies="loss=hinge_loss")
    mini_batch_size: int = number(default=1000, ge=1, tune=(100, 5000))
    momentum: float | Auto = number(default=AUTO, ge=0, lt=1, applies="optimizer=sgd")
    normalize_data: bool | Auto = flag(default=True)
    normalize_label: bool | Auto = flag(default=AUTO, applies="predictor_type=regressor")
    num_calibration_samples: int | Auto = number(default=AUTO, ge=1)
    num_models: int | Auto = number(default=AUTO, ge=1)
    num_point_for_scaler: int = number(default=10_000, ge=1)
    optimizer: str = choice(AUTO, *OPTIMIZERS, default=AUTO)
    positive_example_weight_mult: float | Literal["auto", "balanced"] = number(
        default=1.0, gt=0, tune=(1e-5, 1e5), applies=_BINARY
    )
    quantile: float = number(default=0.5, gt=0, lt=1, applies="loss=quantile_loss")
    target_precision: float = number(default=0.8, gt=0, lt=1, applies="criteria=recall_at_target_precision")
    target_recall: float = number(default=0.8, gt=0, lt=1, applies="criteria=precision_at_target_recall")
    unbias_data: bool | Auto = flag(default=AUTO)
    unbias_label: bool | Auto = flag(default=AUTO, applies="predictor_type=regressor")
    use_bias: bool = flag(default=True, tune=(True, False))
    use_lr_scheduler: bool = flag(default=True)
    wd: float | Auto = number(default=AUTO, ge=0, tune=(1e-7, 1))
    force_dense: bool = flag(default=False)

    @classmethod
    def conflicts(cls, values: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
        """Rules between fields."""
        predictor = values.get("predictor_type")
        classes = values.get("num_classes", 3)
        if predictor == "multiclass_classifier" and (classes is None or classes < 3):
            problem = "required" if classes is None else f"{classes} is too few"
            yield "num_classes", f"{problem}; predictor_type=multiclass_classifier expects an integer from 3 to 1000000"
        possible = [name for name, loss in LOSSES.items() if predictor in loss.predictors]
        loss = values.get("loss", AUTO)
        if predictor and loss != AUTO and loss not in possible:
            yield "loss", f"{loss!r} is not possible for predictor_type {predictor!r}; possible: auto, {', '.join(possible)}"

    @property
    def loss_name(self) -> str:
        """The loss to minimise, ``auto`` resolved."""
        return DEFAULT_LOSS[self.predictor_type] if self.loss == AUTO else self.loss

    @property
    def criterion(self) -> str:
        """What selects the model and its threshold: one of `CRITERIA`; always the loss where there is no threshold."""
        if self.predictor_type != "binary_classifier":
            return "loss_function"
        chosen = self.binary_classifier_model_selection_criteria
        return LEGACY_CRITERIA.get(chosen, chosen)

    @property
    def beta(self) -> float:
        """Beta of the F-score; the legacy criterion ``f1`` means 1 whatever `f_beta` says."""
        return 1.0 if self.binary_classifier_model_selection_criteria == "f1" else self.f_beta

    @property
    def outputs(self) -> int:
        """Columns of one model's weight matrix."""
        if self.predictor_type == "multiclass_classifier" and self.num_classes:
            return self.num_classes
        return 1
