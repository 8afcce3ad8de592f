"""Data and models in S3, against a server that speaks its protocol."""

import json
import tarfile
from collections.abc import Iterator

import boto3
import pytest

import local_mode
from containers.errors import UserError
from local_mode import network, s3

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    from moto.server import ThreadedMotoServer

    (port,) = network.free_ports(1)
    server = ThreadedMotoServer(network.LOOPBACK, port, verbose=False)
    server.start()
    yield f"http://{network.LOOPBACK}:{port}"
    server.stop()


@pytest.fixture
def bucket(server, monkeypatch):
    """An empty bucket ``data``."""
    for name, value in {
        "AWS_ENDPOINT_URL": server,
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": "us-east-1",
    }.items():
        monkeypatch.setenv(name, value)
    bucket = boto3.resource("s3").Bucket("data")
    bucket.create()
    yield bucket
    bucket.objects.delete()
    bucket.delete()


def test_train_from_s3_to_s3_and_serve_from_there(tiny, bucket, tmp_path, scratch):
    for key, content in {
        "in/train/a.csv": b"1\n",
        "in/train/deep/b.csv": b"2\n",
        "in/train/": b"",
        "in/other.csv": b"3\n",
    }.items():
        bucket.put_object(Key=key, Body=content)
    result = local_mode.train(tiny, {"train": "s3://data/in/train"}, {"epochs": 1}, "s3://data/out/")
    assert result.model_archive == "s3://data/out/model.tar.gz"
    assert {item.key for item in bucket.objects.filter(Prefix="out/")} == {
        f"out/{name}" for name in ("model.tar.gz", "output.tar.gz", "metrics.jsonl", "report.html")
    }
    bucket.download_file("out/model.tar.gz", str(tmp_path / "model.tar.gz"))
    with tarfile.open(tmp_path / "model.tar.gz") as tar:
        (epoch,) = json.load(tar.extractfile("model.json"))["epochs"]
    assert sorted(epoch) == ["train/a.csv", "train/deep/b.csv"]
    with local_mode.serve(result.model_archive, workers=1) as endpoint:
        assert endpoint.invoke("1") == b"2.0\n"


def test_nothing_is_uploaded_when_training_fails(tiny, bucket, scratch):
    bucket.put_object(Key="train.csv", Body=b"1\n")
    with pytest.raises(local_mode.TrainingFailed):
        local_mode.train(tiny, {"train": "s3://data/train.csv"}, {"epochs": 0}, "s3://data/out")
    assert [item.key for item in bucket.objects.all()] == ["train.csv"]


@pytest.mark.parametrize(
    ("prefix", "names"),
    [
        ("a/train", ["1.csv", "deep/2.csv", "train-more/3.csv"]),  # it ends within a name, which stays whole
        ("a/train/", ["1.csv", "deep/2.csv"]),
        ("a/train/1.csv", ["1.csv"]),
        ("", ["a/train-more/3.csv", "a/train/1.csv", "a/train/deep/2.csv"]),
    ],
)
def test_a_prefix_is_any_beginning_of_keys(bucket, tmp_path, prefix, names):
    for key in ("a/train/1.csv", "a/train/deep/2.csv", "a/train-more/3.csv"):
        bucket.put_object(Key=key, Body=b"1\n")
    s3.download(f"s3://data/{prefix}", tmp_path)
    found = sorted(path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*") if path.is_file())
    assert found == names


@pytest.mark.parametrize("key", ["a/../../outside", "a/b//c", "a/./b"])
def test_keys_that_cannot_be_file_names(bucket, tmp_path, key):
    bucket.put_object(Key=key, Body=b"1\n")
    with pytest.raises(UserError, match="cannot be a file name"):
        s3.download("s3://data/a/", tmp_path / "deep" / "er")
    assert not any(path.is_file() for path in tmp_path.rglob("*"))


def test_what_is_not_there(bucket, tmp_path):
    with pytest.raises(UserError, match="s3://data/nowhere: no object has this prefix"):
        s3.download("s3://data/nowhere", tmp_path)
    with pytest.raises(UserError, match=r"s3://nobody/x: .*NoSuchBucket"):
        s3.download("s3://nobody/x", tmp_path)
    with pytest.raises(UserError, match="names no bucket"):
        s3.download("s3://", tmp_path)
