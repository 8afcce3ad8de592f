"""The images on a real Docker engine, by `make acceptance`: nothing is faked, and nothing is skipped."""
