"""xgboost without its estimators, and so without scikit-learn, until somebody asks for them; and with threads that can wait."""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

#: What the package lacks when it has been imported without them, or has of no use, and what ``xgboost.compat`` then lacks.
ESTIMATORS = (
    "XGBClassifier", "XGBModel", "XGBRanker", "XGBRegressor", "XGBRFClassifier", "XGBRFRegressor", "sklearn", "cv",
    "plot_importance", "plot_tree", "plotting", "to_graphviz",
)  # fmt: skip
BASES = (
    "SKLEARN_INSTALLED", "XGBClassifierBase", "XGBModelBase", "XGBRegressorBase", "XGBStratifiedKFold", "_sklearn_Tags",
    "_sklearn_version",
)  # fmt: skip


#: What xgboost's threads do when they have nothing to do, unless the environment says: look for work a third as long as by the
#: default of GNU's OpenMP, then sleep. Where other processes want the processors, jobs otherwise take many times as long; where
#: none does, a hundredth of this makes jobs a fifth slower.
WAITING = ("GOMP_SPINCOUNT", "100000")


def import_xgboost() -> None:
    """Import xgboost, once, so that it shares a machine well.

    No container makes estimators, and of the second and the 130 MB that importing xgboost takes, scikit-learn and parts of
    scipy are 0.6 s and 62 MB. Others in the process find them: what has been left out is imported when its name is looked up.
    """
    if "xgboost" in sys.modules:
        return
    with _patient_threads():
        if "sklearn" in sys.modules:
            import xgboost  # noqa: F401
        else:
            _import_without_estimators()


@contextmanager
def _patient_threads() -> Iterator[None]:
    """The environment that OpenMP reads when it is loaded."""
    name, value = WAITING
    if {name, "OMP_WAIT_POLICY"} & {*os.environ}:
        yield
        return
    os.environ[name] = value
    try:
        yield
    finally:
        os.environ.pop(name, None)


def _import_without_estimators() -> None:
    absent = {"sklearn": None, "xgboost.sklearn": None}  # None: cannot be imported, which xgboost takes for not installed
    sys.modules.update(absent)  # type: ignore[arg-type]
    try:
        import xgboost
        from xgboost import compat
    finally:
        for name in absent:
            sys.modules.pop(name, None)
    for module, names, find in ((xgboost, ESTIMATORS, _estimator), (compat, BASES, _base)):
        for name in names:
            vars(module).pop(name, None)
        module.__getattr__ = find  # Python asks it for names that the module has not


def _estimator(name: str) -> Any:
    import xgboost
    from xgboost import compat

    if name not in ESTIMATORS:
        raise AttributeError(f"module 'xgboost' has no attribute {name!r}", name=name, obj=xgboost)
    vars(xgboost).pop("__getattr__", None)
    _ = compat.SKLEARN_INSTALLED  # looks for scikit-learn
    return getattr(importlib.reload(xgboost), name)


def _base(name: str) -> Any:
    from xgboost import compat, training

    if name not in BASES:
        raise AttributeError(f"module 'xgboost.compat' has no attribute {name!r}", name=name, obj=compat)
    vars(compat).pop("__getattr__", None)
    importlib.reload(compat)
    importlib.reload(training)  # which has taken some of these names
    return getattr(compat, name)
