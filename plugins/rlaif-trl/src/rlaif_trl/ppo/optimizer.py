"""The optimizer `ppo`: proximal policy optimization (1707.06347) from a scorer's rewards."""

from __future__ import annotations

from typing import Any

from rlaif_core.api import Metrics, TrainingJob
from rlaif_trl.policy.optimizer import OnlineOptimizer
from rlaif_trl.ppo.params import PPOParams


class PPO(OnlineOptimizer[PPOParams]):
    """Proximal policy optimization: token-wise divergence, a value model, clipped updates."""

    Params = PPOParams

    def run(self, job: TrainingJob) -> Metrics:
        """Train and save.

        Returns:
            Of the last step, means over its responses: "reward" (over those that have one;
            "left_out" is the number of those without), "kl_per_response" and "entropy_per_response"
            in nats (log-ratio to the reference and -log-probability), "length" in tokens, "cut_off"
            (the share that did not end by itself). Means over the tokens of its updates:
            "policy_loss", "value_loss", "loss", "clipped" and "value_clipped" (shares), "ratio",
            "approx_kl" (½·(log ratio)²). "kl_coef", "learning_rate", "grad_norm" (the largest);
            "steps", "truncated", and the guard's metrics.
        """
        from rlaif_trl.policy.run import PolicyRun
        from rlaif_trl.ppo.trainer import PPOTrainer
        from rlaif_trl.ppo.value import load_value_model

        run = PolicyRun.load(job, self.params)
        tokens = run.prompt_tokens(job.prompts)
        value = load_value_model(job, self.params, run.tokenizer)
        reference = run.reference()
        if self.params.lora is not None:
            from peft import get_peft_model

            adapted: Any = get_peft_model(run.policy, run.peft_config)
            run.policy = adapted
        elif reference is None:
            from rlaif_trl.model.checkpoint import load_causal

            reference = load_causal(job.reference, self.params.dtype)
        trainer: Any = PPOTrainer(run, self.params, value, reference, tokens)
        figures = run.train(trainer)
        last = trainer.state.log_history[-1] if trainer.state.log_history else {}
        return {name: value for name, value in last.items() if name != "step"} | figures
