"""The one error of this floor."""

from __future__ import annotations


class RecordIOError(ValueError):
    """A stream that is not what it should be, or rows that cannot be written as records.

    Attributes
    ----------
    problem
        What is wrong, without the place.
    record
        Number of the record in its stream, from 0.
    offset
        Byte at which the record's frame begins in its stream; None for rows that were to be written.
    source
        The file, where the stream was opened here.
    """

    def __init__(self, problem: str, record: int, offset: int | None = None, source: str | None = None) -> None:
        self.problem, self.record, self.offset, self.source = problem, record, offset, source
        place = f"record {record}" if offset is None else f"record {record} at byte {offset}"
        super().__init__(f"{place}: {problem}" if source is None else f"{source}: {place}: {problem}")
