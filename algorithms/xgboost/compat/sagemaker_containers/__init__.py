"""What scripts use of AWS's `sagemaker_containers`."""
