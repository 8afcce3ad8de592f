"""An algorithm from another package, for the tests of the local runner: it remembers the bytes it was given.

Its hyperparameters make it behave: wait for a stop signal, fail on one host, die, start a process of its own.
"""

import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path

from containers.algorithm import ChannelSpec, MetricSpec
from containers.errors import AlgorithmError, UserError
from containers.hyperparameters import Hyperparameters, choice, flag, number
from containers.stop import Stopped


class TinyHyperparameters(Hyperparameters):
    epochs: int = number(default=2, ge=1, tune=(1, 10))
    scale: float = number(default=2.0)
    until_stopped: bool = flag(default=False)
    fail_on: str = choice("nobody", "algo-1", "algo-2", default="nobody")
    die: bool = flag(default=False)
    save: bool = flag(default=True)
    child: bool = flag(default=False)


class Algorithm:
    name = "tiny"
    Hyperparameters = TinyHyperparameters
    channels = (
        ChannelSpec("train", True, ("text/csv", "application/x-recordio-protobuf")),
        ChannelSpec("validation", False, ("text/csv",)),
    )
    metrics = (
        MetricSpec(
            "train:bytes", "#quality_metric: host={host}, epoch={epoch}, bytes={value}", r"bytes=(\S+)", "Maximize", True
        ),
    )
    multi_model = False

    def check(self, job):
        return {
            name: {"bytes": sum(len(data) for data in _read(channel, 0).values())} for name, channel in job.channels.items()
        }

    def fit(self, job, report):
        given, host = job.hyperparameters, job.hosts.current
        if given.child:
            child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
            report.metric("train:bytes", child.pid, epoch=0)
        if given.die:
            os.kill(os.getpid(), 9)
        if given.fail_on == host:
            raise UserError(f"host {host} was told to fail")
        if given.fail_on != "nobody":
            job.stop.wait()
            raise AlgorithmError(f"host {host} has lost the others")
        seen = []
        for epoch in range(1_000_000 if given.until_stopped else given.epochs):
            try:
                parts = _read(job.channels["train"], epoch)
            except Stopped:
                break
            report.metric("train:bytes", sum(map(len, parts.values())), epoch=epoch)
            seen.append({name: hashlib.sha256(data).hexdigest() for name, data in parts.items()})
            if job.stop.is_set():
                break
        if not given.save:
            return
        with job.artifact() as staging:
            name = "model.json" if job.hosts.is_first else f"part-{host}.json"
            content = {
                "algorithm": self.name,
                "scale": given.scale,
                "epochs": seen,
                "hosts": {one: job.hosts.address(one) for one in job.hosts.all} if job.hosts.count > 1 else {},
                "checkpoints": str(job.checkpoint_dir) if job.checkpoint_dir else None,
                "environment": {name: os.environ.get(name) for name in ("TRAINING_JOB_NAME", "TINY")},
            }
            (staging / name).write_text(json.dumps(content))
        job.output_dir.mkdir(parents=True, exist_ok=True)
        (job.output_dir / f"note-{host}.txt").write_text(host)
        (job.output_dir / "report.html").write_text("<p>report</p>")
        if job.checkpoint_dir:
            (job.checkpoint_dir / "state").write_text("saved")

    def load(self, model_dir, settings):
        model = json.loads((Path(model_dir) / "model.json").read_bytes())
        if "child" in model:
            child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
            Path(model["child"]).write_text(str(child.pid))
        return Model(model["scale"])


class Model:
    def __init__(self, scale):
        self.codec = Codec()
        self.scale = scale

    def predict(self, batch):
        return [self.scale * value for value in batch]


class Codec:
    accepts = ("text/csv",)
    returns = ("text/csv",)

    def decode(self, body, content_type):
        try:
            return [float(line) for line in body.decode().split()]
        except ValueError as error:
            raise UserError(f"row 1: {error}") from None

    def encode(self, predictions, accept):
        return "".join(f"{value}\n" for value in predictions).encode()


def _read(channel, epoch):
    parts = {}
    for part in channel.open(epoch):
        with part:
            parts[part.name] = part.stream.read()
    return parts


class Framework(Algorithm):
    """For scripts that define all that they need."""

    name = "tiny-framework"

    class framework:
        paths = ()
        model_fn = input_fn = predict_fn = output_fn = None


algorithm = Algorithm()
framework = Framework()
