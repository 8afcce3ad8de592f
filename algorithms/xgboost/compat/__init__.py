"""Modules under AWS's names, for scripts written for AWS's XGBoost container: what its official examples import, and no more.

They are on the path of scripts only; see `algorithms.xgboost.framework`. Sources: the examples `xgboost_abalone` in
https://github.com/aws/amazon-sagemaker-examples, and https://github.com/aws/sagemaker-xgboost-container
"""
