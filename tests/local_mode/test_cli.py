"""The `drydock` command: what it prints, and how it refuses."""

import io
import json
import subprocess
import sys

import pytest
from click.testing import CliRunner, Result
from rich.console import Console

from local_mode.cli import main
from local_mode.progress import LiveTraining, sparkline


def drydock(*arguments: object) -> Result:
    result = CliRunner().invoke(main, [str(argument) for argument in arguments])
    assert "Traceback" not in result.output
    return result


def test_every_command_explains_itself():
    for name in main.commands:
        result = drydock(name, "--help")
        assert result.exit_code == 0
        assert len(result.stdout.split("Options:")[0].splitlines()) > 2, name
    assert set(main.commands) == {*("train", "check", "serve", "invoke", "convert", "algorithms", "hyperparameters", "images")}


@pytest.mark.slow
def test_train_passes_the_log_through_unchanged(tiny, data, tmp_path, scratch):
    result = drydock(
        "train", tiny, "--train", data, "--hp", "epochs=3", "scale=1", "--hp", "save=true", "--output", tmp_path / "out"
    )
    assert result.exit_code == 0, result.output
    lines = result.stdout.splitlines()
    assert [line.partition("] ")[2] for line in lines] == [
        f"#quality_metric: host=algo-1, epoch={epoch}, bytes=8.0" for epoch in range(3)
    ]
    assert result.stderr.splitlines()[0].startswith("done after ")
    assert "model.tar.gz" in result.stderr


@pytest.mark.slow
def test_train_shows_the_reason_of_a_failure(tiny, data, tmp_path, scratch):
    result = drydock("train", tiny, "--train", data, "--hp", "epochs=0", "--output", tmp_path / "out")
    assert result.exit_code == 1
    assert result.stderr == "Error: ClientError: epochs: expected an integer >= 1, got '0'\n"
    assert not (tmp_path / "out").exists()


@pytest.mark.slow
def test_check_reads_everything_and_trains_nothing(tiny, data, scratch):
    result = drydock("check", tiny, "--channel", f"train={data}", "--hp", "epochs=1")
    assert result.exit_code == 0, result.output
    assert json.loads(result.stdout) == {"train": {"bytes": 8}}
    assert result.stderr == "ok\n"
    result = drydock("check", tiny, "--train", data, "--hp", "epoch=1")
    assert result.exit_code == 1
    assert result.stderr == "Error: ClientError: epoch: unknown hyperparameter (did you mean 'epochs'?)\n"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--output", "out"], "name some data"),
        (["--train", "a", "--channel", "train=b", "--output", "out"], "train is given twice"),
        (["--train", "a", "--hp", "epochs", "--output", "out"], "expected NAME=VALUE, got 'epochs'"),
        (["--train", "a", "--hp", "a=1", "a=2", "--output", "out"], "a is given twice"),
        (["--train", "a"], "Missing option '--output'"),
    ],
)
def test_usage_errors(arguments, message):
    result = drydock("train", "tiny", *arguments)
    assert result.exit_code == 2
    assert message in result.stderr


def test_missing_data_are_one_line(tmp_path):
    result = drydock("train", "tiny", "--train", tmp_path / "nowhere", "--output", tmp_path / "out")
    assert result.exit_code == 1
    assert result.stderr == f"Error: channel train: there is no file or directory '{tmp_path / 'nowhere'}'\n"


def test_algorithms_and_hyperparameters(tiny):
    assert "tiny" in drydock("algorithms").stdout
    table = drydock("hyperparameters", tiny, "--markdown").stdout.splitlines()
    assert table[:3] == [
        "| Name | Accepts | Default | Applies to | Tuning range |",
        "| --- | --- | --- | --- | --- |",
        "| `epochs` | an integer >= 1 | 2 | always | 1 to 10 |",
    ]
    assert "`until_stopped` | true or false | false | always |  |" in table[4]
    assert "epochs" in drydock("hyperparameters", tiny).stdout
    result = drydock("hyperparameters", "tinny")
    assert result.exit_code == 1
    assert result.stderr.startswith("Error: unknown algorithm 'tinny' (did you mean 'tiny'?)")


def test_a_terminal_shows_epochs_and_the_course_of_metrics(tiny):
    console = Console(file=io.StringIO(), force_terminal=True, width=100, height=30)
    with LiveTraining(tiny, {"epochs": "4"}, console) as live:
        for epoch, value in enumerate([9.0, 5.0, 1.0]):
            live.line(f"[11/24/2020 18:54:29 INFO 1] #quality_metric: host=algo-1, epoch={epoch}, bytes={value}")
        live.line("[11/24/2020 18:54:29 WARNING 1] mind the step")
        live.line("[11/24/2020 18:54:29 INFO 1] nothing of note")
    shown = console.file.getvalue()
    assert "epoch 3 of 4" in shown
    assert "train:bytes   █▅▁" in shown
    assert "mind the step" in shown
    assert "nothing of note" not in shown


def test_sparklines():
    assert sparkline([0, 7]) == "▁█"
    assert sparkline([5, 5, 5]) == "▁▁▁"


def test_help_needs_no_heavy_library():
    """Half a second at every call would be felt."""
    code = "import sys, local_mode.cli; print(*{'boto3', 'tensorflow', 'scipy', 'matplotlib', 'pyarrow'} & set(sys.modules))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "\n"
