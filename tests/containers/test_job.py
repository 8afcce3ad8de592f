"""Reading a job: what the platform writes, what it leaves out, what is wrong; and publishing its model."""

import socket
import threading

import pytest

from containers.artifacts import clear_stale
from containers.errors import AlgorithmError, UserError
from containers.hosts import Hosts
from containers.job import TrainingJob, read_job
from containers.stop import Stop, Stopped
from tests.containers.tiny import algorithm


def read(job_directory, **environ: str) -> TrainingJob:
    return read_job(algorithm, job_directory.settings(**environ), Stop())


def error(job_directory) -> str:
    with pytest.raises(UserError) as caught:
        read(job_directory)
    return str(caught.value)


def test_a_job_of_the_service(job_directory):
    job_directory.config("hyperparameters", {"epochs": "3", "use_bias": "True", "_tuning_objective_metric": '"train:bytes"'})
    channel = {"TrainingInputMode": "Pipe", "S3DistributionType": "ShardedByS3Key", "RecordWrapperType": "RecordIO"}
    job_directory.config("inputdataconfig", {"train": channel})
    job_directory.config(
        "resourceconfig",
        {
            "current_host": "algo-1-zz",
            "hosts": ["algo-2-aa", "algo-1-zz", "algo-10-b"],
            "network_interface_name": "eth1",
            "current_instance_type": "ml.m5.large",
            "instance_groups": [{"hosts": []}],
        },
    )
    job_directory.config("checkpointconfig", {"LocalPath": "/opt/ml/checkpoints"})
    job = read(job_directory, TRAINING_JOB_NAME="job-7")
    assert job.name == "job-7"
    assert (job.hyperparameters.epochs, job.hyperparameters.use_bias) == (3, True)
    assert job.tuning_objective == "train:bytes"
    assert job.hosts.all == ("algo-1-zz", "algo-10-b", "algo-2-aa")
    assert (job.hosts.index, job.hosts.is_first, job.hosts.count) == (0, True, 3)
    assert job.hosts.interface == "eth1"
    assert job.checkpoint_dir == job_directory.root / "checkpoints"
    assert job.output_dir == job_directory.root / "output" / "data"
    assert job.model_dir == job_directory.root / "model"
    train = job.channel("train")
    assert (train.input_mode, train.distribution, train.record_wrapper) == ("Pipe", "ShardedByS3Key", "RecordIO")
    assert train.is_sharded
    assert job.channel("validation") is None


def test_what_may_be_missing_has_defaults(job_directory):
    for name in ("hyperparameters", "resourceconfig"):
        (job_directory.root / "input" / "config" / f"{name}.json").unlink()
    job_directory.config("inputdataconfig", {"train": {"TrainingInputMode": None}})
    job = read(job_directory)
    train = job.channel("train")
    assert (train.input_mode, train.distribution, train.record_wrapper, train.compression) == (
        "File",
        "FullyReplicated",
        "None",
        "None",
    )
    assert (train.content_type, train.default_type.name) == (None, "text/csv")
    assert (job.hosts.all, job.hosts.is_first, job.hosts.interface) == (("algo-1",), True, None)
    assert (job.checkpoint_dir, job.tensorboard_dir, job.tuning_objective) == (None, None, None)


def test_unknown_files_and_keys_are_ignored(job_directory):
    job_directory.write("input/config/metricDefinitions.json", b"not JSON")
    job_directory.write("input/config/profilerconfig.json", b"\xff")
    job_directory.config("inputdataconfig", {"train": {"TrainingInputMode": "File", "InputMode": 7}})
    read(job_directory)


def test_tensorboard_where_it_is_asked_for(job_directory):
    events = job_directory.root / "output" / "tensorboard"
    assert read(job_directory, DRYDOCK_TENSORBOARD="1").tensorboard_dir == events
    job_directory.config("tensorboardoutputconfig", {"LocalPath": "/opt/ml/output/tensorboard/x", "S3OutputPath": "s3://b/"})
    assert read(job_directory).tensorboard_dir == events / "x"


def test_all_problems_of_a_job_are_listed_at_once(job_directory):
    job_directory.config("hyperparameters", {"epochs": "-1", "los": "squared"})
    job_directory.config(
        "inputdataconfig",
        {
            "trian": {},
            "validation": {"TrainingInputMode": "Pipe"},
        },
    )
    assert error(job_directory).splitlines() == [
        "epochs: expected an integer >= 1, got '-1'",
        "los: unknown hyperparameter (did you mean 'loss'?)",
        "channel 'trian': not a channel of this algorithm (did you mean 'train'?); expected train, validation",
        "channel 'validation': TrainingInputMode: expected one of File, FastFile, got 'Pipe'",
        "channel 'train': required",
    ]


@pytest.mark.parametrize("name", ["hyperparameters", "inputdataconfig", "resourceconfig", "checkpointconfig"])
@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b'{"a": \n 1,}', "malformed JSON at line 2, column 4: "),
        (b"", "malformed JSON at line 1, column 1: "),
        (b"\xff\xfe{", "malformed JSON"),
        (b"[" * 100_000, "malformed JSON"),
        (b"[]", "expected a JSON object, got list"),
    ],
)
def test_malformed_json_names_the_file(job_directory, name, content, message):
    job_directory.write(f"input/config/{name}.json", content)
    assert error(job_directory).startswith(f"{name}.json: {message}")


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ("File", "channel 'train': expected a JSON object, got 'File'"),
        ({"TrainingInputMode": "file"}, "channel 'train': TrainingInputMode: expected one of File, FastFile, Pipe, got 'file'"),
        (
            {"S3DistributionType": "x"},
            "channel 'train': S3DistributionType: expected one of FullyReplicated, ShardedByS3Key, got 'x'",
        ),
        ({"RecordWrapperType": 1}, "channel 'train': RecordWrapperType: expected a string, got 1"),
        ({"CompressionType": "Zip"}, "channel 'train': CompressionType: expected one of None, Gzip, got 'Zip'"),
        ({"AttributeNames": "a"}, "channel 'train': AttributeNames: expected a list of strings, got 'a'"),
        (
            {"ContentType": "image/png"},
            "channel 'train': content type 'image/png' is not read; expected text/csv, application/x-recordio-protobuf",
        ),
    ],
)
def test_a_channel_that_cannot_be(job_directory, values, message):
    job_directory.config("inputdataconfig", {"train": values})
    assert error(job_directory) == message


@pytest.mark.parametrize("name", ["..", "../../etc", "a/b", "", ".hidden"])
def test_a_channel_name_cannot_lead_elsewhere(job_directory, name):
    job_directory.config("inputdataconfig", {"train": {}, name: {}})
    assert error(job_directory).startswith(f"channel {name!r}: expected a name of letters")


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"current_host": "c", "hosts": ["a", "b"]}, "current_host 'c' is not one of the hosts a, b"),
        ({"current_host": "a", "hosts": "a"}, "hosts: expected a list of strings, got 'a'"),
        ({"current_host": "../a", "hosts": ["../a"]}, "current_host: expected a name of letters"),
    ],
)
def test_hosts_that_cannot_be(job_directory, values, message):
    job_directory.config("resourceconfig", values)
    assert error(job_directory).startswith(f"resourceconfig.json: {message}")


def test_a_host_that_is_known_has_an_address():
    assert Hosts("localhost", ("localhost",)).address("localhost") == "localhost:2222"


def test_addresses_may_be_given(job_directory):
    job_directory.config("resourceconfig", {"current_host": "x", "hosts": ["x", "y"]})
    hosts = read(job_directory, DRYDOCK_HOSTS="x=127.0.0.1:40001,y=127.0.0.1:40002").hosts
    assert [hosts.address(name) for name in hosts.all] == ["127.0.0.1:40001", "127.0.0.1:40002"]


@pytest.fixture
def late_name(monkeypatch):
    """A resolver that learns a name on the third time it is asked; the network itself is not ours to test."""
    asked = []

    def getaddrinfo(name, *args, **kwargs):
        asked.append(name)
        if len(asked) < 3:
            raise socket.gaierror(-2, "Name or service not known")

    monkeypatch.setattr("containers.hosts.socket.getaddrinfo", getaddrinfo)
    monkeypatch.setattr("containers.hosts.RETRY_SECONDS", 0.001)
    return asked


def test_a_name_is_asked_for_until_it_is_known(late_name):
    assert Hosts("a", ("a", "b")).address("b") == "b:2222"
    assert late_name == ["b", "b", "b"]


def test_a_name_that_stays_unknown_is_not_waited_for_for_ever(late_name):
    with pytest.raises(AlgorithmError, match="host 'b' cannot be resolved after 0 s"):
        Hosts("a", ("a", "b"), patience=0).address("b")


def test_stop_ends_the_wait_for_a_name(late_name):
    stop = Stop()
    stop.set()
    with pytest.raises(Stopped, match="host 'b'"):
        Hosts("a", ("a", "b"), stop=stop).address("b")


def test_a_model_appears_when_it_is_complete(job_directory):
    job = read(job_directory)
    with job.artifact() as staging:
        (staging / "weights").write_text("w")
        (staging / "deep").mkdir()
        (staging / "deep" / "more").write_text("m")
        assert set(job_directory.model) == {f"{staging.name}/weights", f"{staging.name}/deep/more"}
        assert staging.name.startswith(".")
    assert job_directory.model == {"weights": b"w", "deep/more": b"m"}


def test_a_better_model_replaces_the_first_and_leaves_strangers_alone(job_directory):
    job_directory.write("model/model.tar.gz", b"stranger")
    job = read(job_directory)
    for content in ("first", "second"):
        with job.artifact() as staging:
            (staging / "weights").write_text(content)
    assert job_directory.model == {"weights": b"second", "model.tar.gz": b"stranger"}


def test_of_a_model_that_fails_nothing_is_left(job_directory):
    job = read(job_directory)
    with pytest.raises(ZeroDivisionError), job.artifact() as staging:
        (staging / "weights").write_text("half")
        1 / 0  # noqa: B018
    assert list((job_directory.root / "model").iterdir()) == []


def test_what_a_killed_run_has_left_is_removed_and_only_that(job_directory):
    job_directory.write("model/.staging-algo-1@x/weights", b"half")
    job_directory.write("model/.staging-algo-1-b@x/weights", b"of another host")
    clear_stale(job_directory.root / "model", "algo-1")
    assert set(job_directory.model) == {".staging-algo-1-b@x/weights"}


def test_hosts_may_publish_into_one_directory_at_once(job_directory):
    job_directory.config("resourceconfig", {"current_host": "a", "hosts": ["a", "b"]})
    first = read(job_directory)
    job_directory.config("resourceconfig", {"current_host": "b", "hosts": ["a", "b"]})
    second = read(job_directory)
    barrier = threading.Barrier(2)

    def publish(job: TrainingJob) -> None:
        with job.artifact() as staging:
            (staging / f"model-{job.hosts.current}").write_text(job.hosts.current)
            barrier.wait(10)

    threads = [threading.Thread(target=publish, args=(job,)) for job in (first, second)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert job_directory.model == {"model-a": b"a", "model-b": b"b"}
