"""Channels of files: which are read, in which order, and what is taken off around the data."""

import gzip
import io
from pathlib import Path

import pytest

from containers.algorithm import ChannelSpec
from containers.channels import Channel
from containers.errors import UserError
from containers.media import MediaType
from recordio import write_frame


def contents(channel: Channel, epoch: int = 0) -> dict[str, bytes]:
    read = {}
    for part in channel.open(epoch):
        with part:
            read[part.name] = part.stream.read()
    return read


def fill(directory: Path, files: dict[str, bytes]) -> Path:
    for name, content in files.items():
        (directory / name).parent.mkdir(parents=True, exist_ok=True)
        (directory / name).write_bytes(content)
    return directory


def framed(*payloads: bytes) -> bytes:
    stream = io.BytesIO()
    for payload in payloads:
        write_frame(stream, payload)
    return stream.getvalue()


@pytest.mark.parametrize("mode", ["File", "FastFile"])
def test_files_are_read_in_order_at_any_depth_and_every_epoch_anew(tmp_path, mode):
    path = fill(tmp_path / "train", {"b.csv": b"2", "a.csv": b"1", "deep/er/c.csv": b"3", "a/z.csv": b"0"})
    channel = Channel("train", path, input_mode=mode)
    for epoch in range(2):
        read = contents(channel, epoch)
        assert list(read.items()) == [
            ("train/a.csv", b"1"),
            ("train/a/z.csv", b"0"),
            ("train/b.csv", b"2"),
            ("train/deep/er/c.csv", b"3"),
        ]


def test_what_is_no_data_is_left_out(tmp_path):
    path = fill(
        tmp_path / "train",
        {"a.csv": b"1", ".a.csv.crc": b"x", "_SUCCESS": b"", ".ipynb_checkpoints/a.csv": b"x", "_underscore.csv": b"2"},
    )
    assert list(contents(Channel("train", path))) == ["train/_underscore.csv", "train/a.csv"]


def test_a_channel_may_be_a_single_file(tmp_path):
    (tmp_path / "train").write_bytes(b"1,2\n")
    assert contents(Channel("train", tmp_path / "train")) == {"train/train": b"1,2\n"}


def test_links_are_followed_but_not_in_circles(tmp_path):
    real = fill(tmp_path / "elsewhere", {"a.csv": b"1"})
    path = fill(tmp_path / "train", {"b.csv": b"2"})
    (path / "linked").symlink_to(real)
    (path / "circle").symlink_to(path)
    (real / "back").symlink_to(path)
    assert list(contents(Channel("train", path))) == ["train/b.csv", "train/linked/a.csv"]


def test_a_dangling_link_is_an_error_that_names_it(tmp_path):
    path = fill(tmp_path / "train", {"a.csv": b"1"})
    (path / "gone.csv").symlink_to(tmp_path / "nowhere")
    with pytest.raises(UserError, match=r"train/gone\.csv: cannot be read: No such file or directory"):
        contents(Channel("train", path))


def test_an_empty_channel_is_an_error_unless_it_is_sharded(tmp_path):
    path = fill(tmp_path / "train", {"_SUCCESS": b""})
    with pytest.raises(UserError, match="channel 'train': there are no files in it"):
        contents(Channel("train", path))
    assert contents(Channel("train", path, distribution="ShardedByS3Key")) == {}


def test_a_missing_directory_is_an_error_that_names_it(tmp_path):
    with pytest.raises(UserError, match="nowhere: cannot be read: No such file or directory"):
        contents(Channel("nowhere", tmp_path / "nowhere"))


def test_a_manifest_settles_the_order(tmp_path):
    path = fill(tmp_path / "train", {"a.csv": b"1", "b/c.csv": b"2", "d.csv": b"3"})
    (tmp_path / "train-manifest").write_text('[{"prefix": "s3://bucket/data/"}, "d.csv", "b/c.csv", "on-another-host.csv"]')
    assert list(contents(Channel("train", path))) == ["train/d.csv", "train/b/c.csv", "train/a.csv"]


@pytest.mark.parametrize("text", ["[", '{"prefix": "s3://b"}', '[{"prefix": "s3://b"}, 1]'])
def test_a_manifest_that_is_none_is_an_error_that_names_it(tmp_path, text):
    path = fill(tmp_path / "train", {"a.csv": b"1"})
    (tmp_path / "train-manifest").write_text(text)
    with pytest.raises(UserError, match=r"^train-manifest: "):
        contents(Channel("train", path))


def test_an_augmented_manifest_in_file_mode_is_its_lines(tmp_path):
    lines = b'{"source-ref": "s3://b/1.jpg", "label": 1}\n'
    path = fill(tmp_path / "train", {"output.manifest": lines})
    assert contents(Channel("train", path, attributes=("source-ref", "label"))) == {"train/output.manifest": lines}


def test_gzip_is_undone_by_name(tmp_path):
    twice = gzip.compress(b"1,2\n") + gzip.compress(b"3,4\n")  # members follow each other, as parallel writers leave them
    path = fill(tmp_path / "train", {"a.csv.gz": twice, "b.csv": b"5,6\n"})
    assert contents(Channel("train", path)) == {"train/a.csv.gz": b"1,2\n3,4\n", "train/b.csv": b"5,6\n"}


def test_gzip_is_undone_as_configured(tmp_path):
    path = fill(tmp_path / "train", {"a.csv": gzip.compress(b"1,2\n")})
    assert contents(Channel("train", path, compression="Gzip")) == {"train/a.csv": b"1,2\n"}


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"1,2\n", id="plain"),
        pytest.param(gzip.compress(bytes(range(256)) * 9)[:-9], id="cut off"),
        pytest.param(gzip.compress(b"1,2\n")[:-8] + b"\0" * 8, id="wrong checksum"),
        pytest.param(gzip.compress(b"1,2\n")[:10] + b"\xff" * 20, id="garbage"),
    ],
)
def test_broken_gzip_is_an_error_that_names_the_file(tmp_path, content):
    path = fill(tmp_path / "train", {"a.csv.gz": content})
    with pytest.raises(UserError, match=r"^train/a\.csv\.gz: not readable as gzip: "):
        contents(Channel("train", path))


def test_files_the_platform_did_not_wrap_are_read_as_they_are(tmp_path):
    path = fill(tmp_path / "train", {"a.csv": b"1,2\n"})
    assert contents(Channel("train", path, MediaType("text/csv"), record_wrapper="RecordIO")) == {"train/a.csv": b"1,2\n"}


def test_wrapped_files_are_unwrapped(tmp_path):
    path = fill(tmp_path / "train", {"a": framed(b"1,2\n", b"", b"3,4\n")})
    assert contents(Channel("train", path, MediaType("text/csv"), record_wrapper="RecordIO")) == {
        "train/a record 0": b"1,2\n",
        "train/a record 1": b"",
        "train/a record 2": b"3,4\n",
    }


def test_a_part_is_closed_when_the_next_one_is_asked_for(tmp_path):
    path = fill(tmp_path / "train", {"a.csv": b"1", "b.csv": b"2"})
    parts = Channel("train", path).open(0)
    first = next(parts)
    second = next(parts)
    assert first.stream.closed
    parts.close()
    assert second.stream.closed


SPEC = ChannelSpec("train", content_types=("application/x-recordio-protobuf", "text/csv"))


@pytest.mark.parametrize(
    ("configured", "name", "parameters"),
    [
        (None, "application/x-recordio-protobuf", {}),
        ("text/csv", "text/csv", {}),
        ("TEXT/CSV; label_size=0", "text/csv", {"label_size": "0"}),
        ("csv", "text/csv", {}),
    ],
)
def test_media_type(tmp_path, configured, name, parameters):
    media = Channel("train", tmp_path, MediaType.parse(configured) if configured else None).media(SPEC)
    assert (media.name, dict(media.parameters)) == (name, parameters)


def test_a_media_type_that_is_not_read(tmp_path):
    with pytest.raises(UserError) as caught:
        Channel("train", tmp_path, MediaType.parse("image/png")).media(SPEC)
    assert str(caught.value) == (
        "channel 'train': content type 'image/png' is not read; expected application/x-recordio-protobuf, text/csv"
    )
