"""Channels to text: plain, gzipped, and augmented manifests in every mode they come in."""

import gzip
import io
import json
import os
import threading
from pathlib import Path

import pytest

import recordio
from algorithms.blazingtext import data
from containers.channels import Channel
from containers.errors import UserError
from containers.media import MediaType

EXAMPLES = [("linux is ready", 1), ("a slow one again", [2, "long"]), ("naïve\ncafé", "__label__3"), ("", "4")]
LINES = ["__label__1 linux is ready", "__label__2 __label__long a slow one again", "__label__3 naïve café", "__label__4 "]
MANIFEST = "".join(json.dumps({"source": source, "label": label}) + "\n" for source, label in EXAMPLES).encode()


def channel(path: Path, content: bytes | None = None, content_type: str | None = None, **values) -> Channel:
    if content is not None:
        path.mkdir()
        (path / "file").write_bytes(content)
    media = MediaType.parse(content_type) if content_type else None
    return Channel("train", path, media, MediaType.parse("text/plain"), **values)


def read(of: Channel, reading: int = 0) -> bytes:
    parts = []
    for part in data.text(of, reading):
        with part:
            parts.append(part.stream.read())
    return b"".join(parts)


def lines(of: Channel, reading: int = 0) -> list[str]:
    return read(of, reading).decode().removesuffix("\n").split("\n")


def pipe(path: Path, content: bytes, reading: int = 0) -> threading.Thread:
    """Somebody who writes into the FIFO of that reading."""
    fifo = path.with_name(f"{path.name}_{reading}")
    os.mkfifo(fifo)
    writer = threading.Thread(target=fifo.write_bytes, args=[content], daemon=True)
    writer.start()
    return writer


def records(order=("source", "label"), examples=EXAMPLES, quoted=False) -> bytes:
    """The attributes' values one after the other, a RecordIO frame each."""
    values = []
    for source, label in examples:
        label = label if isinstance(label, str) and not quoted else json.dumps(label)
        values += [{"source": source, "label": label}[attribute].encode() for attribute in order]
    return b"".join(frame(value) for value in values)


def frame(value: bytes) -> bytes:
    stream = io.BytesIO()
    recordio.write_frame(stream, value)
    return stream.getvalue()


@pytest.mark.parametrize("content_type", [None, "text/plain", "text/csv"])
def test_text_is_text_whatever_it_is_called(content_type, tmp_path):
    assert read(channel(tmp_path / "train", b"a b\n c\n", content_type)) == b"a b\n c\n"


def test_gzip(tmp_path):
    assert read(channel(tmp_path / "train", gzip.compress(b"a b\n"), compression="Gzip")) == b"a b\n"


@pytest.mark.parametrize("input_mode", ["File", "FastFile"])
def test_a_manifest_is_json_lines_of_source_and_label(input_mode, tmp_path):
    of = channel(tmp_path / "train", MANIFEST + b"\n", "application/jsonlines", input_mode=input_mode)
    assert lines(of) == LINES
    assert lines(of, 1) == LINES


def test_the_names_of_attributes_make_it_a_manifest_whatever_its_type(tmp_path):
    assert lines(channel(tmp_path / "train", MANIFEST, "text/plain", attributes=("source", "label"))) == LINES


@pytest.mark.parametrize("order", [("source", "label"), ("label", "source")])
@pytest.mark.parametrize("content_type", [None, "application/jsonlines", "application/x-recordio"])
@pytest.mark.parametrize("quoted", [False, True])
def test_a_manifest_in_pipe_mode_is_a_record_an_attribute_in_their_order(order, content_type, quoted, tmp_path):
    of = channel(tmp_path / "train", None, content_type, input_mode="Pipe", record_wrapper="RecordIO", attributes=order)
    for reading in range(2):
        writer = pipe(of.path, records(order, quoted=quoted), reading)
        assert lines(of, reading) == LINES
        writer.join()


def test_a_manifest_in_a_pipe_without_records_is_json_lines(tmp_path):
    of = channel(tmp_path / "train", input_mode="Pipe", attributes=("source", "label"))
    writer = pipe(of.path, MANIFEST)
    assert lines(of) == LINES
    writer.join()


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("{", "not JSON"),
        ("[1]", 'expected {"source": "text", "label": 1}'),
        ('{"source": "a"}', 'expected {"source": "text", "label": 1}'),
        ('{"source": 5, "label": 1}', "source: expected a string, got 5"),
        ('{"source": "a", "label": []}', "label: expected at least one label"),
        ('{"source": "a", "label": ""}', "label: expected an integer, a word or a list of them, got ''"),
        ('{"source": "a", "label": "two words"}', "got 'two words'"),
        ('{"source": "a", "label": [1, null]}', "got None"),
        ('{"source": "a", "label": 1.5}', "got 1.5"),
        ('{"source": "a", "label": true}', "got True"),
    ],
)
def test_bad_lines_of_a_manifest(line, says, tmp_path):
    of = channel(tmp_path / "train", b'{"source": "a", "label": 1}\n' + line.encode(), "application/jsonlines")
    with pytest.raises(UserError) as refusal:
        read(of)
    assert str(refusal.value).startswith("train/file line 2: ")
    assert says in str(refusal.value)


def test_bad_records_of_a_manifest(tmp_path):
    def refused(content: bytes, reading: int) -> str:
        writer = pipe(of.path, content, reading)
        with pytest.raises(UserError) as refusal:
            read(of, reading)
        writer.join()
        return str(refusal.value)

    of = channel(tmp_path / "train", input_mode="Pipe", record_wrapper="RecordIO", attributes=("source", "label"))
    assert "train_0 record 2: the data end between the attributes" in refused(
        records()[: len(frame(b"linux is ready")) + len(frame(b"1"))] + frame(b"more"), 0
    )
    assert refused(frame(b"a\xff") + frame(b"1"), 1) == ("train_1 record 0: expected UTF-8, got 0xff at byte 2")
    assert "train_2 record 1: label: expected an integer" in refused(frame(b"a") + frame(b"two words"), 2)


def test_other_attributes_are_refused(tmp_path):
    with pytest.raises(UserError, match="AttributeNames: expected source and label, got text, label"):
        read(channel(tmp_path / "train", MANIFEST, attributes=("text", "label")))


def test_recordio_without_attributes_is_refused(tmp_path):
    with pytest.raises(UserError, match="is read with AttributeNames source, label in Pipe mode only"):
        read(channel(tmp_path / "train", b"", "application/x-recordio-protobuf"))
