"""Settings: every environment variable read once, with its default, its type and its error."""

from dataclasses import fields
from pathlib import Path

import pytest

from containers.errors import UserError
from containers.settings import ServeSettings, TrainSettings

README = Path(__file__).parents[2] / "containers" / "README.md"


def test_defaults_of_training():
    settings = TrainSettings.read({})
    assert (settings.root, settings.algorithm, settings.job_name) == (Path("/opt/ml"), None, "training-job")
    assert (settings.report, settings.tensorboard, settings.stop_seconds, settings.addresses) == (True, False, 100, ())
    assert settings.config_dir == Path("/opt/ml/input/config")
    assert settings.data_dir == Path("/opt/ml/input/data")
    assert settings.model_dir == Path("/opt/ml/model")
    assert settings.output_dir == Path("/opt/ml/output/data")
    assert settings.failure_file == Path("/opt/ml/output/failure")


def test_training_from_the_environment():
    settings = TrainSettings.read(
        {
            "DRYDOCK_ALGORITHM": "xgboost",
            "TRAINING_JOB_NAME": "job-7",
            "DRYDOCK_HOSTS": "algo-1=127.0.0.1:40001, algo-2=[::1]:40002",
            "DRYDOCK_REPORT": "off",
            "DRYDOCK_TENSORBOARD": "1",
            "DRYDOCK_STOP_SECONDS": "25",
        }
    )
    assert (settings.algorithm, settings.job_name) == ("xgboost", "job-7")
    assert settings.addresses == (("algo-1", "127.0.0.1:40001"), ("algo-2", "[::1]:40002"))
    assert (settings.report, settings.tensorboard, settings.stop_seconds) == (False, True, 25)


def test_defaults_of_serving():
    settings = ServeSettings.read({})
    assert (settings.port, settings.host, settings.workers, settings.threads) == (8080, "0.0.0.0", None, None)
    assert settings.max_payload_bytes == 25 * 1024 * 1024
    assert ServeSettings.read({"SAGEMAKER_BATCH": "true"}).max_payload_bytes == 100 * 1024 * 1024
    assert (settings.batch, settings.batch_strategy, settings.max_concurrent_transforms) == (False, "MULTI_RECORD", None)
    assert (settings.multi_model, settings.read_seconds) == (False, 60)


def test_serving_from_the_environment():
    settings = ServeSettings.read(
        {
            "SAGEMAKER_BIND_TO_PORT": "9000",
            "MODEL_SERVER_WORKERS": "3",
            "SAGEMAKER_MAX_PAYLOAD_IN_MB": "100",
            "SAGEMAKER_BATCH": "True",
            "SAGEMAKER_BATCH_STRATEGY": "SINGLE_RECORD",
            "SAGEMAKER_MAX_CONCURRENT_TRANSFORMS": "8",
            "SAGEMAKER_MULTI_MODEL": "true",
            "DEEPAR_INFERENCE_CONFIG": "{}",
        }
    )
    assert (settings.port, settings.workers, settings.max_payload_bytes) == (9000, 3, 100 * 1024 * 1024)
    assert (settings.batch, settings.batch_strategy, settings.max_concurrent_transforms) == (True, "SINGLE_RECORD", 8)
    assert settings.multi_model is True
    assert settings.environ["DEEPAR_INFERENCE_CONFIG"] == "{}"


def test_an_empty_variable_counts_as_absent():
    settings = ServeSettings.read({"MODEL_SERVER_WORKERS": "", "SAGEMAKER_BIND_TO_PORT": " "})
    assert (settings.workers, settings.port) == (None, 8080)


def test_an_override_wins_unless_it_is_none():
    environ = {"SAGEMAKER_BIND_TO_PORT": "9000", "DRYDOCK_BIND": "10.0.0.1"}
    settings = ServeSettings.read(environ, Path("/tmp/x"), port=0, host=None)
    assert (settings.root, settings.port, settings.host) == (Path("/tmp/x"), 0, "10.0.0.1")


def test_all_variables_with_impossible_values_are_listed():
    with pytest.raises(UserError) as caught:
        ServeSettings.read({"SAGEMAKER_BIND_TO_PORT": "65536", "MODEL_SERVER_WORKERS": "-1", "SAGEMAKER_BATCH": "maybe"})
    assert str(caught.value).splitlines() == [
        "environment variable SAGEMAKER_BIND_TO_PORT: expected an integer from 0 to 65535, got '65536'",
        "environment variable MODEL_SERVER_WORKERS: expected an integer from 1 to 1024, got '-1'",
        "environment variable SAGEMAKER_BATCH: expected on, true or 1, or off, false or 0, got 'maybe'",
    ]


@pytest.mark.parametrize("text", ["algo-1", "algo-1=127.0.0.1", "=127.0.0.1:1", "algo-1=:1", "algo-1=127.0.0.1:x", ","])
def test_addresses_of_hosts_that_are_none(text):
    with pytest.raises(UserError, match="DRYDOCK_HOSTS: expected host=address:port"):
        TrainSettings.read({"DRYDOCK_HOSTS": text})


def test_the_environment_is_a_copy_that_cannot_be_changed():
    environ = {"A": "1"}
    settings = TrainSettings.read(environ)
    environ["A"] = "2"
    assert settings.environ["A"] == "1"
    with pytest.raises(TypeError):
        settings.environ["A"] = "3"
    assert "environ" not in repr(settings)  # it holds credentials


def test_paths_of_the_contract_follow_the_root():
    settings = TrainSettings.read({}, Path("/tmp/job"))
    assert settings.locate("/opt/ml/checkpoints") == Path("/tmp/job/checkpoints")
    assert settings.locate("/mnt/elsewhere") == Path("/mnt/elsewhere")
    assert settings.locate("/opt/mlx") == Path("/opt/mlx")


@pytest.mark.parametrize("settings", [TrainSettings, ServeSettings])
def test_every_variable_has_a_meaning_and_a_line_in_the_readme(settings):
    text = README.read_text()
    assert len(settings.variables()) == len([item for item in fields(settings) if item.name not in ("root", "environ")])
    for name, meaning in settings.variables():
        assert f"| `{name}` | {meaning} |" in text
