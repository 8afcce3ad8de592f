"""The metrics that are reported, and the log lines they are found by."""

from __future__ import annotations

from containers.algorithm import MetricSpec

SPECS = (
    # AWS's, once, of the final model.
    MetricSpec("train:mean_rho", "#mean_rho: {value}", r"#mean_rho: (\S+)", "Maximize"),
    MetricSpec("validation:accuracy", "#validation_accuracy: {value}", r"#validation_accuracy: (\S+)", "Maximize"),
    MetricSpec("train:accuracy", "#train_accuracy: {value}", r"#train_accuracy: (\S+)"),
    # Ours, of every epoch.
    MetricSpec(
        "train:loss",
        "-------------- End of epoch: {epoch}, loss: {value}",
        r"End of epoch: \d+, loss: (\S+)",
        per_epoch=True,
    ),
)
