"""A job as a file: it comes back as it was, and only this plugin's components do it."""

import pytest

from rlaif_core.api import DataError, Message, Prompt
from rlaif_trl.online.grpo import GRPO
from rlaif_trl.processes.job_file import JobFile
from rlaif_trl.reward.scalar_head import ScalarHead


def test_job_file_keeps_the_job(job, tmp_path):
    prompt = Prompt("p", (Message("system", "be brief"), Message("user", "hi")), {"answer": 3})
    asked = job(prompts=[prompt], heldout=frozenset({"x"}), seed=7, work=tmp_path / "work")
    optimizer = GRPO(GRPO.Params(beta=0.2, lora={"r": 3}))
    JobFile.of(optimizer, asked).write(tmp_path / "job.json")
    read = JobFile.read(tmp_path / "job.json")
    assert read.trainer().params == optimizer.params
    for name in ("checkpoint", "preferences", "output", "prompts", "heldout", "seed", "work"):
        assert getattr(read.job, name) == getattr(asked, name)


@pytest.mark.parametrize("text", ["{", "{}", '{"job": {"checkpoint": "x"}}', '{"job": 3}'])
def test_file_that_is_no_job_is_one_line(text, tmp_path):
    (tmp_path / "job.json").write_text(text)
    with pytest.raises(DataError, match="not a training job"):
        JobFile.read(tmp_path / "job.json")


def test_optimizer_of_somebody_else_is_refused(job, tmp_path):
    asked = JobFile("optimizer", "os:system", {}, job())
    with pytest.raises(DataError, match="is not a component of rlaif_trl"):
        asked.trainer()


def test_reward_model_does_a_job_as_an_optimizer_does(job, tmp_path):
    JobFile.of(ScalarHead(ScalarHead.Params(margin=0.5)), job()).write(tmp_path / "job.json")
    read = JobFile.read(tmp_path / "job.json")
    assert read.role == "reward_model"
    assert read.trainer().params.margin == 0.5


def test_component_in_the_wrong_role_is_refused(job):
    asked = JobFile("optimizer", "rlaif_trl.reward.scalar_head:ScalarHead", {}, job())
    with pytest.raises(DataError, match="cannot be made: ScalarHead is of another kind"):
        asked.trainer()
