"""xgboost without scikit-learn, which it imports for estimators that no container makes."""

from __future__ import annotations

import sys


def import_xgboost() -> None:
    """Import xgboost in a process of ours; where it or scikit-learn is imported already, nothing changes.

    Of the second and the 100 MB that importing xgboost takes, scikit-learn and `scipy.stats` are 0.9 s and 67 MB. Without them
    `xgboost.XGBClassifier` and its like do not work in this process, as on a machine that has no scikit-learn.
    """
    if "xgboost" in sys.modules or "sklearn" in sys.modules:
        return
    sys.modules["sklearn"] = None  # type: ignore[assignment]  # None: cannot be imported
    try:
        import xgboost  # noqa: F401
    finally:
        sys.modules.pop("sklearn", None)
