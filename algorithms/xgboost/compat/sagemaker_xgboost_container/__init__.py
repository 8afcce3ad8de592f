"""What scripts use of AWS's `sagemaker_xgboost_container`."""
