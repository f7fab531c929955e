"""One process of several that do a job: `accelerate launch -m rlaif_trl.processes job.json`."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from rlaif_core.api import RlaifError
from rlaif_trl.processes.bridge import connected
from rlaif_trl.processes.devices import PORT, RESULT, SECRET, WORKER
from rlaif_trl.processes.job_file import JobFile
from rlaif_trl.training.json_file import write_json


def main(arguments: list[str]) -> int:
    """Do the job of the file that is the one argument; the first process writes the result.

    Returns:
        0; 2 for an error that the user can fix, which is printed and written to the result.
    """
    file = Path(arguments[0])
    os.environ[WORKER] = "1"
    first = int(os.environ.get("RANK", "0")) == 0
    if first:
        file.with_name(RESULT).unlink(missing_ok=True)
    try:
        job_file = JobFile.read(file)
        job = job_file.job
        if PORT in os.environ:
            secret = os.environ[SECRET].encode()
            job = connected(job, int(os.environ[PORT]), secret)
        metrics = job_file.do(job_file.trainer(), job)
    except RlaifError as error:
        _write(file.with_name(RESULT), {"error": str(error)})
        print(error, file=sys.stderr)
        return 2
    except Exception as error:  # the starting process reads it from the result; here it propagates
        _write(file.with_name(RESULT), {"error": f"{type(error).__name__}: {error}"})
        raise
    if first:
        _write(file.with_name(RESULT), {"metrics": dict(metrics)})
    return 0


def _write(file: Path, result: dict[str, object]) -> None:
    if file.exists():
        return  # another process failed first, and this one because of it
    write_json(file, result)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
