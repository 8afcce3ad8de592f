"""What users are shown, run as they would run it."""
