"""``python -m local_mode.cli`` is the ``drydock`` command."""

from local_mode.cli import main

main()
