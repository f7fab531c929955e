"""The two networks that PPO trains, the policy and its value model, behind one forward pass."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from torch import Tensor, nn

from rlaif_core.api import PluginError
from rlaif_trl.ppo.episodes import Batch
from rlaif_trl.ppo.equations import token_logprobs
from rlaif_trl.ppo.forward import Forward

if TYPE_CHECKING:
    from transformers import PreTrainedModel


class PolicyLogprobs:
    """Log-probabilities of responses under a causal language model.

    Args:
        model: The model, with or without an adapter.
        temperature: The policy is softmax(logits / temperature).
    """

    def __init__(self, model: Any, temperature: float) -> None:
        self.model = model
        self._forward = Forward(model)
        self._temperature = temperature

    def __call__(self, batch: Batch) -> Tensor:
        """Log-probabilities of each response token, [episodes, width], in float32."""
        output = self._forward(batch.ids, batch.mask, keep=batch.width + 1)
        logits = output.logits[:, -batch.width - 1 : -1]
        return token_logprobs(logits, batch.responses, self._temperature)


class ValueModel(nn.Module):
    """A sequence classifier with one output, read at every token instead of the last alone.

    Args:
        classifier: Gives its trunk and its head.

    Raises:
        PluginError: If its head is not one linear map to one number.
    """

    def __init__(self, classifier: PreTrainedModel) -> None:
        super().__init__()
        head = getattr(classifier, "score", None)
        if not isinstance(head, nn.Linear) or head.out_features != 1:
            raise PluginError(
                f"{type(classifier).__name__} has no linear head 'score' with one output: "
                "set value_model: policy"
            )
        self.trunk: Any = classifier.base_model
        self._forward = Forward(self.trunk)
        self.head = head

    def forward(self, batch: Batch) -> Tensor:
        """Values of the states in which the response tokens were drawn, [episodes, width]."""
        states = self._forward(batch.ids, batch.mask).last_hidden_state
        values: Tensor = self.head(states[:, -batch.width - 1 : -1]).squeeze(-1)
        return values.float()

    def zero_head(self) -> None:
        """Set the head to 0, if it was never trained, so that every value is 0."""
        for weight in self.head.parameters():
            nn.init.zeros_(weight)


class ActorCritic(nn.Module):
    """Policy and value model as one module, so that one wrapper serves several devices.

    Args:
        policy: A causal language model, with or without an adapter.
        value: The value model.
        temperature: Temperature of the policy.
    """

    def __init__(self, policy: Any, value: ValueModel, temperature: float) -> None:
        super().__init__()
        self.policy = policy
        self.value = value
        self.logprobs = PolicyLogprobs(policy, temperature)
        _disable_dropout(self)

    def forward(self, ids: Tensor, mask: Tensor, width: int) -> tuple[Tensor, Tensor]:
        """Log-probabilities and values of each response token, both [episodes, width].

        Args:
            ids: See `Batch`, whose parts come one by one because wrappers move tensors alone.
            mask: See `Batch`.
            width: See `Batch`.
        """
        batch = Batch(ids, mask, width)
        return self.logprobs(batch), self.value(batch)

    def checkpoint_gradients(self) -> None:
        """Recompute activations in the backward pass instead of keeping them."""
        for network in (self.policy, self.value.trunk):
            network.gradient_checkpointing_enable({"use_reentrant": False})


def _disable_dropout(module: nn.Module) -> None:
    """Disable dropout: a ratio of probabilities under two random masks would be noise."""
    part: Any  # attribute names differ between architectures
    for part in module.modules():
        if isinstance(part, nn.Dropout):
            part.p = 0.0
        if isinstance(getattr(part, "attention_dropout", None), float):
            part.attention_dropout = 0.0
