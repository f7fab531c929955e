"""Training with TRL's trainers that compare the responses to one prompt with each other."""

from __future__ import annotations

from typing import Any

from accelerate import PartialState

from rlaif_core.api import Scorer
from rlaif_trl.online.trainers import place_dataset, reward_function
from rlaif_trl.policy.run import PolicyRun
from rlaif_trl.training.arguments import arguments
from rlaif_trl.training.params import GroupTraining


def train_groups(
    trainer: Any, config: Any, run: PolicyRun, params: GroupTraining, scorer: Scorer, **own: Any
) -> dict[str, float]:
    """Train and save; returns metrics, see `PolicyRun.train`.

    Args:
        trainer: `JobGRPOTrainer` or `JobRLOOTrainer`.
        config: Its configuration class.
        run: The policy and its job.
        params: The recipe's, with `beta`.
        scorer: Gives rewards; every process scores its own responses, in whole groups.
        own: Settings of this trainer alone.

    Raises:
        DataError: If a prompt is too long.
    """
    job = run.job
    tokens = run.prompt_tokens(job.prompts)
    settings = arguments(
        config,
        params,
        job,
        beta=params.beta,
        num_generations=params.num_generations,
        num_iterations=params.num_iterations,
        steps_per_generation=params.batches,
        max_completion_length=params.max_completion_length,
        temperature=params.temperature,
        top_p=params.top_p,
        top_k=params.top_k,
        epsilon=params.epsilon,
        epsilon_high=params.epsilon_high,
        mask_truncated_completions=params.mask_truncated_completions,
        **own,
    )
    together = params.prompts_together * PartialState().num_processes
    return run.train(
        trainer(
            model=run.policy,
            reward_funcs=[reward_function(scorer, job.prompts)],
            args=settings,
            train_dataset=place_dataset(len(tokens), together),
            processing_class=run.tokenizer,
            peft_config=run.peft_config,
            prompt_tokens=tokens,
            reference=run.reference() if params.beta else None,
        )
    )
