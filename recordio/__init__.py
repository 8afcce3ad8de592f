"""RecordIO-protobuf, the training and inference format of SageMaker's built-in algorithms, to and from numpy arrays."""

from recordio.batch import RecordBatch
from recordio.encoding import encode, write
from recordio.errors import RecordIOError
from recordio.framing import read_frames, write_frame
from recordio.reading import decode, read, read_batches, read_messages

__all__ = [
    "RecordBatch",
    "RecordIOError",
    "decode",
    "encode",
    "read",
    "read_batches",
    "read_frames",
    "read_messages",
    "write",
    "write_frame",
]
