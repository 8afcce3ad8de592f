"""Channels of pipes: real FIFOs, with a writer that behaves like the platform's."""

import gzip
import io
import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from containers.channels import Channel
from containers.errors import UserError
from containers.media import MediaType
from containers.stop import Stop, Stopped
from recordio import write_frame

PROTOBUF = MediaType("application/x-recordio-protobuf")


@contextmanager
def running(work: Callable[[], None]) -> Iterator[None]:
    """Run `work` beside the test; what it raises, the test raises."""
    errors: list[BaseException] = []

    def run() -> None:
        try:
            work()
        except BaseException as error:
            errors.append(error)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    yield
    thread.join(10)
    assert not thread.is_alive()
    if errors:
        raise errors[0]


def write(path: Path, *chunks: bytes) -> None:
    """Make a FIFO and write into it; a reader that closes early is no error."""
    os.mkfifo(path)
    try:
        with path.open("wb", buffering=0) as stream:
            for chunk in chunks:
                stream.write(chunk)
    except BrokenPipeError:
        pass


def framed(*payloads: bytes) -> bytes:
    stream = io.BytesIO()
    for payload in payloads:
        write_frame(stream, payload)
    return stream.getvalue()


def pipe(tmp_path: Path, **configuration: object) -> Channel:
    return Channel("train", tmp_path / "train", input_mode="Pipe", **configuration)  # type: ignore[arg-type]


def contents(channel: Channel, epoch: int = 0) -> dict[str, bytes]:
    return {part.name: part.stream.read() for part in channel.open(epoch)}


def test_every_epoch_is_a_fifo_of_its_own(tmp_path):
    channel = pipe(tmp_path)

    def feed() -> None:
        for epoch in range(3):
            write(tmp_path / f"train_{epoch}", b"epoch ", str(epoch).encode() * 200_000)

    with running(feed):
        for epoch in range(3):
            assert contents(channel, epoch) == {f"train_{epoch}": b"epoch " + str(epoch).encode() * 200_000}


def test_an_empty_fifo_is_an_empty_part(tmp_path):
    with running(lambda: write(tmp_path / "train_0")):
        assert contents(pipe(tmp_path)) == {"train_0": b""}


def test_a_writer_that_comes_late_and_pauses_is_waited_for(tmp_path):
    os.mkfifo(tmp_path / "train_0")
    opened, first_read = threading.Event(), threading.Event()

    def feed() -> None:
        opened.wait(10)
        with (tmp_path / "train_0").open("wb", buffering=0) as stream:
            stream.write(b"a")
            first_read.wait(10)
            stream.write(b"b")

    with running(feed):
        for part in pipe(tmp_path).open(0):
            opened.set()
            assert part.stream.read(1) == b"a"
            first_read.set()
            assert part.stream.read() == b"b"


def test_an_epoch_may_be_left_early_and_the_next_one_read(tmp_path):
    def feed() -> None:
        write(tmp_path / "train_0", *[b"x" * 100_000] * 100)
        write(tmp_path / "train_1", b"whole")

    channel = pipe(tmp_path)
    with running(feed):
        for part in channel.open(0):
            with part:
                assert part.stream.read(10) == b"x" * 10
        assert contents(channel, 1) == {"train_1": b"whole"}


def test_channels_are_independent(tmp_path):
    other = Channel("validation", tmp_path / "validation", input_mode="Pipe")
    with running(lambda: write(tmp_path / "train_0", b"t")), running(lambda: write(tmp_path / "validation_0", b"v")):
        assert contents(other) == {"validation_0": b"v"}
        assert contents(pipe(tmp_path)) == {"train_0": b"t"}


def test_stop_ends_the_wait_for_a_fifo(tmp_path):
    stop = Stop()
    with running(stop.set), pytest.raises(Stopped, match="train_5"):
        contents(pipe(tmp_path, stop=stop), 5)


def test_stop_ends_the_wait_for_a_writer(tmp_path):
    os.mkfifo(tmp_path / "train_0")
    stop = Stop()
    with running(stop.set), pytest.raises(Stopped, match="data in train_0"):
        contents(pipe(tmp_path, stop=stop))


def test_stop_ends_the_wait_for_more_data(tmp_path):
    os.mkfifo(tmp_path / "train_0")
    stop, done = Stop(), threading.Event()

    def feed() -> None:
        with (tmp_path / "train_0").open("wb", buffering=0) as stream:
            stream.write(b"half a rec")
            stop.set()
            done.wait(10)

    with running(feed):
        with pytest.raises(Stopped):
            contents(pipe(tmp_path, stop=stop))
        done.set()


def test_data_that_are_there_are_read_although_the_job_is_to_stop(tmp_path):
    os.mkfifo(tmp_path / "train_0")
    stop, written = Stop(), threading.Event()

    def feed() -> None:
        with (tmp_path / "train_0").open("wb", buffering=0) as stream:
            stream.write(b"all of it")
        written.set()

    with running(feed):
        for part in pipe(tmp_path, stop=stop).open(0):
            written.wait(10)
            stop.set()
            assert part.stream.read() == b"all of it"


def test_gzip_is_undone_as_configured(tmp_path):
    with running(lambda: write(tmp_path / "train_0", gzip.compress(b"1,2\n"), gzip.compress(b"3,4\n"))):
        assert contents(pipe(tmp_path, compression="Gzip")) == {"train_0": b"1,2\n3,4\n"}


def test_gzip_is_left_alone_unless_configured(tmp_path):
    packed = gzip.compress(b"1,2\n")
    with running(lambda: write(tmp_path / "train_0", packed)):
        assert contents(pipe(tmp_path)) == {"train_0": packed}


def test_wrapped_objects_are_parts_of_their_own(tmp_path):
    channel = pipe(tmp_path, record_wrapper="RecordIO", content_type=MediaType("text/csv"))
    data = framed(b"1,2\n", b"3,4")
    with running(lambda: write(tmp_path / "train_0", *(data[place : place + 1] for place in range(len(data))))):
        assert contents(channel) == {"train_0 record 0": b"1,2\n", "train_0 record 1": b"3,4"}


def test_an_empty_wrapped_fifo_has_no_parts(tmp_path):
    with running(lambda: write(tmp_path / "train_0")):
        assert contents(pipe(tmp_path, record_wrapper="RecordIO", content_type=MediaType("text/csv"))) == {}


def test_what_should_be_wrapped_and_is_not_is_an_error_that_names_the_fifo(tmp_path):
    channel = pipe(tmp_path, record_wrapper="RecordIO", content_type=MediaType("text/csv"))
    with (
        running(lambda: write(tmp_path / "train_0", b"1,2,3,4,5,6,7\n")),
        pytest.raises(UserError, match=r"^train_0: record 0"),
    ):
        contents(channel)


def test_the_wrapper_around_raw_protobuf_records_is_the_format_itself(tmp_path):
    data = framed(b"\x0a\x02hi", b"\x0a\x02ho")
    for configuration in ({"content_type": PROTOBUF}, {"default_type": PROTOBUF}):
        fifo = tmp_path / "train_0"
        with running(lambda fifo=fifo: write(fifo, data)):
            assert contents(pipe(tmp_path, record_wrapper="RecordIO", **configuration)) == {"train_0": data}
        fifo.unlink()


def test_the_wrapper_around_recordio_files_is_taken_off(tmp_path):
    files = framed(b"\x0a\x02hi", b"\x0a\x02ho"), framed(b"\x0a\x02hu")
    channel = pipe(tmp_path, record_wrapper="RecordIO", content_type=PROTOBUF)
    with running(lambda: write(tmp_path / "train_0", framed(*files))):
        assert contents(channel) == {"train_0 record 0": files[0], "train_0 record 1": files[1]}


def test_an_augmented_manifest_gives_the_attributes_in_turn(tmp_path):
    channel = pipe(
        tmp_path, record_wrapper="RecordIO", content_type=MediaType("image/jpeg"), attributes=("image-ref", "is-a-cat")
    )
    with running(lambda: write(tmp_path / "train_0", framed(b"JPEG 1", b"1", b"JPEG 2", b"0"))):
        assert [(part.attribute, part.stream.read()) for part in channel.open(0)] == [
            ("image-ref", b"JPEG 1"),
            ("is-a-cat", b"1"),
            ("image-ref", b"JPEG 2"),
            ("is-a-cat", b"0"),
        ]
