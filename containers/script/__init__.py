"""Script mode: a user's script in the place of the algorithm, as `sagemaker.xgboost.XGBoost(entry_point=…)` runs it.

The script becomes a `containers.algorithm.Algorithm` itself, so that `train` and `serve` go their usual way. What the SDK sends
and what scripts find in their environment is that of AWS's training and inference toolkits:
https://github.com/aws/sagemaker-training-toolkit, https://github.com/aws/sagemaker-inference-toolkit
"""
