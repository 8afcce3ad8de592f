"""An algorithm for the tests of `train`: it adds up the bytes it reads, and misbehaves on request."""

import errno
import sys
import time
from pathlib import Path

from containers.algorithm import ChannelSpec, MetricSpec
from containers.errors import AlgorithmError, UserError
from containers.hyperparameters import Hyperparameters, choice, flag, number
from recordio import RecordIOError

ERRORS = {
    "user": UserError("train/a.csv, line 7: expected a number, got 'x'"),
    "ours": AlgorithmError("the loss is not finite"),
    "bug": KeyError("weights"),
    "memory": MemoryError("Unable to allocate 30 GiB"),
    "disk": OSError(errno.ENOSPC, "No space left on device", "weights"),
    "recordio": RecordIOError("wrong magic", 3, 96),
    "long": UserError("x" * 5000),
    "surrogate": UserError("bad name '\udcff'"),
}


class TinyHyperparameters(Hyperparameters):
    epochs: int = number(default=1, ge=1)
    loss: str = choice("squared", "absolute", default="squared")
    use_bias: bool = flag(default=True)
    act: str = choice("train", "patient", "deaf", "half", "moving", *ERRORS, default="train")


class Algorithm:
    name = "tiny"
    Hyperparameters = TinyHyperparameters
    channels = (
        ChannelSpec("train", True, ("text/csv", "application/x-recordio-protobuf")),
        ChannelSpec("validation", False, ("text/csv",), ("File", "FastFile")),
    )
    metrics = (
        MetricSpec(
            "train:bytes", "#quality_metric: host={host}, epoch={epoch}, bytes={value}", r"epoch=\S+, bytes=(\S+)", None, True
        ),
        MetricSpec("train:bytes", "#quality_metric: host={host}, bytes={value}", r"host=\S+, bytes=(\S+)", "Maximize"),
        MetricSpec("train:f_beta", "#quality_metric: host={host}, binary_f_{beta:.3f} <score>={value}", r"<score>=(\S+)"),
    )
    multi_model = False

    def check(self, job):
        return {name: {"bytes": _count(channel, 0)} for name, channel in job.channels.items()}

    def fit(self, job, report):
        act = job.hyperparameters.act
        if act in ERRORS:
            with job.artifact() as staging:
                (staging / "model").write_text("half")
                raise ERRORS[act]
        total = 0
        for epoch in range(job.hyperparameters.epochs):
            total += _count(job.channels["train"], epoch)
            report.metric("train:bytes", total, epoch=epoch)
        if act == "patient":  # stops when it is told to
            print("ready", flush=True)
            job.stop.wait()
        with job.artifact() as staging:
            (staging / "nested").mkdir()
            (staging / "model").write_text(str(total))
            (staging / "nested" / "more").write_text("more")
            if act == "half":  # never ends, with a model half-written
                _hang()
        if act == "deaf":  # has a model and never ends
            _hang()
        if act == "moving":  # is busy with what must not be cut off
            with job.stop.finishing():
                print("ready", flush=True)
                sys.stdin.readline()
                (job.model_dir / "moved").write_text("whole")
            _hang()
        report.metric("train:bytes", total)

    def load(self, model_dir: Path, settings):
        raise NotImplementedError


def _hang():
    print("ready", flush=True)
    while True:  # naps, as a signal between two bytecodes does not wake from a sleep that follows it
        time.sleep(0.1)


def _count(channel, epoch):
    total = 0
    for part in channel.open(epoch):
        with part:
            total += len(part.stream.read())
    return total


algorithm = Algorithm()
