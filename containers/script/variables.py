"""What a script is told: its arguments, and the variables ``SM_*`` of AWS's training toolkit.

Source: https://github.com/aws/sagemaker-training-toolkit/blob/master/ENVIRONMENT_VARIABLES.md
"""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from containers.config import read_object
from containers.job import TrainingJob
from containers.serving.resources import cores

DEVICES = Path("/dev")


def arguments(hyperparameters: Mapping[str, Any]) -> list[str]:
    """``--max_depth 5 -n 3``: every hyperparameter by its name, sorted; mappings as ``a=1,b=2``."""
    words = []
    for name, value in sorted(hyperparameters.items()):
        words += [f"--{name}" if len(name) > 1 else f"-{name}", _word(value)]
    return words


def _word(value: Any) -> str:
    if isinstance(value, Mapping):
        return ",".join(f"{key}={item}" for key, item in sorted(value.items()))
    return "" if value is None else str(value)


def variables(job: TrainingJob, program: str, location: str, name: str) -> dict[str, str]:
    """The variables of a job.

    Parameters
    ----------
    program, location
        The script, and where its code came from.
    name
        The algorithm's.
    """
    hp = job.hyperparameters
    config = job.settings.config_dir
    resources = read_object(config / "resourceconfig.json")
    described: dict[str, Any] = {
        "channel_input_dirs": {channel: str(job.settings.data_dir / channel) for channel in job.channels},
        "current_host": job.hosts.current,
        "current_instance_group": resources.get("current_group_name", "homogeneousCluster"),
        "current_instance_type": resources.get("current_instance_type", "local"),
        "framework_module": f"{name}:main",
        "hosts": list(job.hosts.all),
        "hyperparameters": dict(hp.user),
        "input_config_dir": str(config),
        "input_data_config": read_object(config / "inputdataconfig.json"),
        "input_dir": str(config.parent),
        "is_master": job.hosts.is_first,
        "job_name": hp.platform.get("sagemaker_job_name") or job.name,
        "log_level": hp.platform.get("sagemaker_container_log_level", logging.INFO),
        "master_hostname": job.hosts.all[0],
        "model_dir": str(job.model_dir),
        "module_dir": location,
        "module_name": Path(program).stem,
        "network_interface_name": job.hosts.interface or "eth0",
        "num_cpus": cores(),
        "num_gpus": sum(1 for _ in DEVICES.glob("nvidia[0-9]*")),
        "num_neurons": 0,
        "output_data_dir": str(job.output_dir),
        "output_dir": str(job.output_dir.parent),
        "output_intermediate_dir": str(job.output_dir.parent / "intermediate"),
        "resource_config": resources,
        "user_entry_point": program,
    }
    told = {key: value for key, value in described.items() if key not in ("channel_input_dirs", "hyperparameters", "job_name")}
    told |= {
        "channels": sorted(job.channels),
        "framework_params": dict(hp.platform),
        "hps": described["hyperparameters"],
        "training_env": described,
        "user_args": arguments(hp.user),
    }
    told |= {f"channel_{channel}": path for channel, path in described["channel_input_dirs"].items()}
    told |= {f"hp_{key}": value for key, value in hp.user.items()}
    return {
        **{f"SM_{key.upper()}": _text(value) for key, value in told.items()},
        "CURRENT_HOST": job.hosts.current,
        "SAGEMAKER_JOB_NAME": described["job_name"],
        "SAGEMAKER_REGION": str(hp.platform.get("sagemaker_region") or job.settings.environ.get("AWS_REGION", "")),
    }


def _text(value: Any) -> str:
    """Strings as they are, anything else as JSON, nothing as an empty string."""
    if value is None or isinstance(value, str):
        return value or ""
    return json.dumps(value, sort_keys=True, separators=(",", ":"))
