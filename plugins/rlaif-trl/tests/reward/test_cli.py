"""`rlaif reward score` on what the reward models write."""

import json

import pytest

from rlaif_core.cli import main
from rlaif_trl.reward.ensemble import Ensemble
from rlaif_trl.reward.scalar_head import ScalarHead


@pytest.mark.parametrize(("kind", "name"), [(ScalarHead, "trl"), (Ensemble, "ensemble")])
def test_a_trained_model_scores_a_rounds_preferences(kind, name, job, capsys):
    done = job()
    kind(kind.Params(learning_rate=3e-3, num_train_epochs=3)).fit(done)
    arguments = ["reward", "score", str(done.output), str(done.preferences), "--json"]
    assert main([*arguments, "--reward-model", name]) == 0
    printed = json.loads(capsys.readouterr().out)
    assert printed["pairs"] == 48
    assert printed["accuracy"]["value"] == 1.0
    assert printed["mean"] == pytest.approx(0, abs=1e-4)
    assert printed["deviation"] == pytest.approx(1, abs=1e-4)


def test_texts_that_are_too_long_can_be_truncated(job, capsys, tmp_path):
    done = job()
    ScalarHead(ScalarHead.Params(max_steps=1)).fit(done)
    file = tmp_path / "long.jsonl"
    file.write_text(json.dumps({"prompt": "say 12", "response": "9" * 500}))
    arguments = ["reward", "score", str(done.output), str(file)]
    assert main(arguments) == 2
    assert "set overlong: truncate" in capsys.readouterr().err
    assert main([*arguments, "--set", "overlong=truncate"]) == 0
