"""XGBoost's hyperparameters, in the order of AWS's page, and what xgboost is told of them.

Source: https://docs.aws.amazon.com/sagemaker/latest/dg/xgboost_hyperparameters.html
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from algorithms.xgboost.metrics import DEFAULTS, FORMS, METRICS, misfits
from containers.hyperparameters import Hyperparameters, choice, flag, groups, integers, number, words

OBJECTIVES = (
    "binary:logistic", "binary:logitraw", "binary:hinge", "count:poisson", "multi:softmax", "multi:softprob",
    "rank:pairwise", "rank:ndcg", "rank:map", "reg:linear", "reg:squarederror", "reg:logistic", "reg:gamma",
    "reg:pseudohubererror", "reg:squaredlogerror", "reg:absoluteerror", "reg:tweedie", "survival:aft", "survival:cox",
)  # fmt: skip
GROWERS = ("grow_colmaker", "grow_histmaker", "grow_quantile_histmaker")
MODIFIERS = ("sync", "refresh", "prune")
#: Of these, what process_type=update can do to trees that are there.
UPDATES = ("refresh", "prune")
LINEAR_UPDATERS = ("shotgun", "coord_descent")
#: Accepted, because older releases knew them; this xgboost has nothing that they could change.
REMOVED = ("deterministic_histogram", "lambda_bias", "predictor", "prob_buffer_row", "single_precision_histogram")
#: For us, not for xgboost.
OURS = (
    "num_round", "csv_weights", "dsplit", "early_stopping_rounds", "eval_metric", "save_model_on_termination", "silent",
    "sketch_eps", "use_dask_gpu_training", *REMOVED,
)  # fmt: skip

_GONE = "nothing: this xgboost has it no longer"
_DART = "booster=dart"
_MULTI = "objective=multi:*"


class XGBoostHyperparameters(Hyperparameters):
    """What a user sets; see the package's README for the table made from these declarations."""

    num_round: int = number(ge=1, tune=(1, 4000))
    num_class: int | None = number(default=None, ge=2, applies=_MULTI)
    alpha: float = number(default=0.0, ge=0, tune=(0, 1000), aliases=("reg_alpha",))
    base_score: float | None = number(default=None)
    booster: str = choice("gbtree", "gblinear", "dart", default="gbtree")
    colsample_bylevel: float = number(default=1.0, ge=0, le=1, tune=(0.1, 1))
    colsample_bynode: float = number(default=1.0, ge=0, le=1, tune=(0.1, 1))
    colsample_bytree: float = number(default=1.0, ge=0, le=1, tune=(0.5, 1))
    csv_weights: int = number(default=0, ge=0, le=1, applies="content type csv")
    deterministic_histogram: bool = flag(default=True, applies=_GONE)
    early_stopping_rounds: int | None = number(default=None, ge=1, applies="a validation channel")
    eta: float = number(default=0.3, ge=0, tune=(0.1, 0.5), aliases=("learning_rate",))
    eval_metric: tuple[str, ...] | None = words(*METRICS, forms=FORMS)
    gamma: float = number(default=0.0, ge=0, tune=(0, 5), aliases=("min_split_loss",))
    grow_policy: str = choice("depthwise", "lossguide", default="depthwise", applies="tree_method=hist or approx")
    interaction_constraints: tuple[tuple[int, ...], ...] | None = groups(ge=0)
    lambda_: float = number(default=1.0, ge=0, tune=(0, 1000), aliases=("reg_lambda",))
    lambda_bias: float = number(default=0.0, ge=0, le=1, applies=_GONE)
    max_bin: int = number(default=256, ge=2, applies="tree_method=hist or approx")
    max_delta_step: float = number(default=0.0, ge=0, tune=(0, 10))
    max_depth: int = number(default=6, ge=0, tune=(0, 10))
    max_leaves: int = number(default=0, ge=0, applies="tree_method=hist or approx")
    min_child_weight: float = number(default=1.0, ge=0, tune=(0, 120))
    monotone_constraints: tuple[int, ...] | None = integers(ge=-1, le=1)
    normalize_type: str = choice("tree", "forest", default="tree", applies=_DART)
    nthread: int | None = number(default=None, ge=-1)
    objective: str = choice(*OBJECTIVES, default="reg:squarederror")
    one_drop: int = number(default=0, ge=0, le=1, applies=_DART)
    process_type: str = choice("default", "update", default="default")
    rate_drop: float = number(default=0.0, ge=0, le=1, applies=_DART)
    refresh_leaf: int = number(default=1, ge=0, le=1, applies="updater refresh")
    sample_type: str = choice("uniform", "weighted", default="uniform", applies=_DART)
    scale_pos_weight: float = number(default=1.0, ge=0, applies="objective=binary:logistic, binary:logitraw, reg:logistic")
    seed: int = number(default=0, ge=-(2**31), le=2**31 - 1)
    single_precision_histogram: bool = flag(default=False, applies=_GONE)
    sketch_eps: float | None = number(default=None, gt=0, lt=1, applies="tree_method=approx, instead of max_bin")
    skip_drop: float = number(default=0.0, ge=0, le=1, applies=_DART)
    subsample: float = number(default=1.0, ge=0, le=1, tune=(0.5, 1))
    tree_method: str = choice("auto", "exact", "approx", "hist", "gpu_hist", default="auto")
    tweedie_variance_power: float = number(default=1.5, gt=1, lt=2, applies="objective=reg:tweedie")
    updater: tuple[str, ...] | None = words(*GROWERS, *MODIFIERS, *LINEAR_UPDATERS)
    verbosity: int = number(default=1, ge=0, le=3)
    num_parallel_tree: int = number(default=1, ge=1)
    dsplit: str = choice("row", "col", default="row", applies="several hosts")
    predictor: str = choice("auto", "cpu_predictor", "gpu_predictor", default="auto", applies=_GONE)
    sampling_method: str = choice("uniform", "gradient_based", default="uniform")
    prob_buffer_row: int | None = number(default=None, gt=1, applies=_GONE)
    aft_loss_distribution: str = choice("normal", "logistic", "extreme", default="normal", applies="objective=survival:aft")
    aft_loss_distribution_scale: float = number(default=1.0, ge=0, applies="objective=survival:aft")
    save_model_on_termination: bool = flag(default=False)
    use_dask_gpu_training: bool = flag(default=False)
    silent: int | None = number(default=None, ge=0, le=1, applies="verbosity not given")

    @classmethod
    def conflicts(cls, values: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
        """Rules between fields."""
        objective, classes = values.get("objective", ""), values.get("num_class")
        if objective.startswith("multi:") and "num_class" in values and classes is None:
            yield "num_class", f"required for objective={objective}, expected an integer >= 2"
        if classes is not None and objective and not objective.startswith("multi:"):
            yield "num_class", f"{classes} is for objective=multi:softmax and multi:softprob; {objective} has no classes"
        for problem in misfits(values.get("eval_metric") or (), objective) if objective else ():
            yield "eval_metric", problem
        base = values.get("base_score")
        if base is not None and objective in ("binary:logistic", "reg:logistic") and not 0 < base < 1:
            yield "base_score", f"{base:g} is no probability between 0 and 1, as objective={objective} needs"
        yield from _updater_conflicts(values)
        method, depth = values.get("tree_method"), values.get("max_depth")
        if method == "exact" and depth == 0:
            yield "max_depth", "0, no limit, is not possible with tree_method=exact"
        if method == "exact" and values.get("sampling_method") == "gradient_based":
            yield "sampling_method", "'gradient_based' is not possible with tree_method=exact"
        if method == "exact" and values.get("colsample_bynode", 1) < 1:
            yield "colsample_bynode", f"{values['colsample_bynode']:g} is not possible with tree_method=exact; expected 1"
        if values.get("dsplit") == "col":
            yield "dsplit", "'col' is not possible: hosts share the rows; expected 'row'"
        if values.get("use_dask_gpu_training"):
            yield "use_dask_gpu_training", "'true' is not possible: hosts train together without Dask; leave it out"

    @property
    def loss(self) -> str:
        """The objective by the name that xgboost has for it today."""
        return "reg:squarederror" if self.objective == "reg:linear" else self.objective

    @property
    def device(self) -> str:
        """Where xgboost works: ``cpu`` or ``cuda``."""
        return "cuda" if self.tree_method == "gpu_hist" else "cpu"

    @property
    def bins(self) -> int:
        """Into how many bins the values of a feature are sorted."""
        if self.sketch_eps is not None and self.tree_method == "approx" and "max_bin" not in self.given:
            return max(2, round(1 / self.sketch_eps))
        return self.max_bin

    @property
    def samples(self) -> bool:
        """Whether rows or columns are drawn by chance."""
        return min(self.subsample, self.colsample_bytree, self.colsample_bylevel, self.colsample_bynode) < 1

    @property
    def metrics(self) -> tuple[str, ...]:
        """The metrics asked for, each once, or the objective's default."""
        return tuple(dict.fromkeys(self.eval_metric or (DEFAULTS.get(self.loss, "rmse"),)))

    def parameters(self) -> dict[str, Any]:
        """What xgboost is told: what is given, as it understands it, and nothing else, so that its own defaults hold."""
        told = {name: self[name] for name in self.given if name not in OURS and not name.startswith("_")}
        told |= {"objective": self.loss, "device": self.device, "verbosity": self.verbosity}
        if self.silent and "verbosity" not in self.given:
            told["verbosity"] = 0
        if self.tree_method == "gpu_hist":
            told["tree_method"] = "hist"
        if self.bins != self.max_bin:
            told["max_bin"] = self.bins
        if self.updater:
            told["updater"] = ",".join(self.updater)
        # As text: a list would be one of feature names.
        if self.monotone_constraints:
            told["monotone_constraints"] = f"({','.join(map(str, self.monotone_constraints))})"
        if self.interaction_constraints:
            told["interaction_constraints"] = str([list(group) for group in self.interaction_constraints])
        return told

    def without_effect(self) -> Iterator[str]:
        """Names and reasons of what is given and changes nothing; xgboost itself tells of what the booster does not use."""
        histogram = self.tree_method != "exact" and not (self.updater and "grow_colmaker" in self.updater)
        for name in sorted(self.given & {*REMOVED}):
            yield f"{name}: this xgboost has it no longer"
        for name in sorted(self.given & {"max_bin", "max_leaves", "grow_policy"}):
            if self.booster != "gblinear" and not histogram:
                yield f"{name}: the exact tree method does not use it"
        if "sketch_eps" in self.given and (self.tree_method != "approx" or "max_bin" in self.given):
            yield "sketch_eps: it only replaces max_bin where tree_method=approx"
        if "scale_pos_weight" in self.given and self.loss not in ("binary:logistic", "binary:logitraw", "reg:logistic"):
            yield f"scale_pos_weight: objective={self.loss} has no positive class"

    def alone(self) -> Iterator[str]:
        """Names and reasons of what only a job on one host can do: several would fail, or each learn from its own rows."""
        if self.booster == "gblinear":
            yield "booster: 'gblinear' learns on one host only; expected 'gbtree' or 'dart'"
        elif self.updater:
            for name in sorted({*self.updater} & {"grow_colmaker", "prune", "sync"}):
                yield f"updater: {name!r} works on one host only; expected grow_quantile_histmaker, grow_histmaker or refresh"
        elif self.tree_method == "exact":
            yield "tree_method: 'exact' works on one host only; expected 'hist', 'approx' or 'auto'"


def _updater_conflicts(values: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Updaters that cannot follow each other, or do not fit the booster."""
    updaters, booster, process = values.get("updater"), values.get("booster"), values.get("process_type")
    if process == "update" and booster == "gblinear":
        yield "process_type", "'update' changes trees, and booster=gblinear has none"
    if process == "update" and booster != "gblinear" and "updater" in values and not updaters:
        yield "updater", f"required for process_type=update, expected {' or '.join(UPDATES)}"
    if not updaters:
        return
    shown = ",".join(updaters)
    if booster == "gblinear":
        if len(updaters) > 1 or updaters[0] not in LINEAR_UPDATERS:
            yield "updater", f"{shown!r} does not fit booster=gblinear; expected one of {', '.join(LINEAR_UPDATERS)}"
    elif process == "update":
        if not {*updaters} <= {*UPDATES}:
            yield "updater", f"{shown!r} does not fit process_type=update; expected {' or '.join(UPDATES)}"
    elif updaters[0] not in GROWERS or not {*updaters[1:]} <= {*MODIFIERS}:
        yield "updater", f"{shown!r} cannot be; expected one of {', '.join(GROWERS)}, then any of {', '.join(MODIFIERS)}"
