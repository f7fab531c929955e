"""Training on several devices: processes started by `accelerate launch`, and their result."""

from __future__ import annotations

import json
import os
import secrets
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rlaif_core.api import Metrics, RunError, TrainingJob
from rlaif_trl.processes.bridge import serving
from rlaif_trl.processes.job_file import JobFile, Trainer

PORT, SECRET = "RLAIF_TRL_PORT", "RLAIF_TRL_SECRET"
"""Environment of a started process: port and secret of the served job."""

RESULT = "result.json"
"""File beside the job file: `{"metrics": ...}` or `{"error": ...}`."""

_TAIL = 2000
"""Characters of the processes' output that are reported if they end without a result."""

WORKER = "RLAIF_TRL_WORKER"
"""Environment variable of a process that was started for a job and must start no others."""


def launched() -> bool:
    """True if this process was started for a job, alone or with others."""
    return WORKER in os.environ


def train_in_processes(trainer: Trainer, job: TrainingJob) -> Metrics:
    """Start `params.processes` processes that train together, serve the job, and wait.

    Raises:
        RunError: If one ends without a result or with an error.
    """
    with tempfile.TemporaryDirectory(prefix="rlaif-trl-") as name:
        folder = Path(name)
        JobFile.of(trainer, job).write(folder / "job.json")
        secret = secrets.token_hex(32)
        with serving(job, secret.encode()) as port:
            environment = {**os.environ, WORKER: "1", PORT: str(port), SECRET: secret}
            output = _launch(folder, trainer.params.processes, environment)
        result = _result(folder)
    if result is None:
        raise RunError(f"training ended without a result; its last output: {output}")
    if "error" in result:
        raise RunError(str(result["error"]))
    metrics: Metrics = result["metrics"]
    return metrics


def check_devices(processes: int) -> None:
    """Refuse more processes than there are devices; a CPU alone takes any number.

    Raises:
        RunError: If there are more.
    """
    import torch

    gpus = torch.cuda.device_count()
    if gpus and processes > gpus:
        raise RunError(f"processes: {processes} for {gpus} GPUs: start at most one per GPU")


def command(file: Path, processes: int) -> list[str]:
    """Command of the processes for a job file: `accelerate launch` with its defaults named."""
    check_devices(processes)
    return [
        sys.executable,
        "-m",
        "accelerate.commands.launch",
        "--multi_gpu",  # on a CPU too, where `--cpu` would start one process
        "--num_machines=1",
        f"--num_processes={processes}",
        "--mixed_precision=no",  # set by the trainer's arguments
        "--dynamo_backend=no",
        "--main_process_port=0",
        "-m",
        "rlaif_trl.processes",
        str(file),
    ]


def _launch(folder: Path, processes: int, environment: Mapping[str, str]) -> str:
    with (folder / "output.txt").open("w+") as output:
        subprocess.run(
            command(folder / "job.json", processes),
            env=dict(environment),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            check=False,
            start_new_session=True,  # Ctrl-C reaches them through the job, at the end of a step
        )
        output.seek(0)
        return " ".join(output.read()[-_TAIL:].split())


def _result(folder: Path) -> dict[str, Any] | None:
    file = folder / RESULT
    result: dict[str, Any] | None = json.loads(file.read_text()) if file.is_file() else None
    return result
