"""Supervised training of a policy on given responses, for `sft` and `rejection`."""

from __future__ import annotations

from collections.abc import Sequence

from trl.trainer.sft_config import SFTConfig

from rlaif_trl.imitation.trainer import WeightedCollator, WeightedSFTTrainer, response_dataset
from rlaif_trl.model.chat import Turns
from rlaif_trl.policy.run import PolicyRun
from rlaif_trl.training.arguments import arguments


def imitate(
    run: PolicyRun, examples: Sequence[tuple[Turns, str]], weights: Sequence[float]
) -> dict[str, float]:
    """Train on responses and save the policy; returns metrics, see `PolicyRun.train`.

    Args:
        run: The policy and its job.
        examples: Conversations and the responses to learn.
        weights: Weight of each response's tokens in the loss.

    Raises:
        DataError: If one is too long.
    """
    encoded = run.encoder.encode([(turns, (text,)) for turns, text in examples])
    trainer = WeightedSFTTrainer(
        model=run.policy,
        args=arguments(
            SFTConfig,
            run.params,
            run.job,
            dataset_kwargs={"skip_prepare_dataset": True},
            completion_only_loss=False,  # the labels select the learned tokens
        ),
        data_collator=WeightedCollator(pad_token_id=run.pad),
        train_dataset=response_dataset(encoded, weights),
        processing_class=run.tokenizer,
        peft_config=run.peft_config,
    )
    return run.train(trainer)
