"""What can go wrong when a job or an endpoint runs on this machine; bad arguments are `containers.errors.UserError`."""

from __future__ import annotations

from containers.errors import DrydockError


class TrainingFailed(DrydockError):
    """The training ended with an error.

    Attributes
    ----------
    reason
        The text of the failure file of the host that failed first; where it left none, what is known of its end.
    exit_code
        Exit code of that host's process; negative where a signal ended it.
    """

    def __init__(self, reason: str, exit_code: int) -> None:
        super().__init__(reason)
        self.reason = reason
        self.exit_code = exit_code


class TrainingStopped(DrydockError):
    """The training was stopped before it had saved a model."""


class EndpointFailed(DrydockError):
    """The server did not start; the message ends with its last words."""


class InvocationFailed(DrydockError):
    """An endpoint answered with an error.

    Attributes
    ----------
    status
        HTTP status; None where there was no answer at all.
    """

    def __init__(self, message: str, status: int | None = None) -> None:
        super().__init__(message)
        self.status = status
