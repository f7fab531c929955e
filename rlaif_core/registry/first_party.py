"""First-party components and commands by name, so that a missing one can say what to install."""

from __future__ import annotations

_OFFERS = """
anthropic models anthropic
data sources hf jsonl
evaluators commands compare reward
evaluators evaluators best-of-n drift gold kl reward-accuracy reward-bench win-rate
judges commands probe
judges judges cascade constitutional debate jury meta pairwise recorded revision-order score
judges judges self-rewarding
judges probes injections
judges samplers critique-revise judgments
judges sources judging-prompts
judge-metrics judge_metrics reliability
kit commands plugins.new plugins.stale
lab hooks lab-noise
lab sources lab
openai models openai
pairs filters agreement confidence duplicates length
pairs pairings adjacent all best-vs-worst elo knockout length-control merge-sort min-max random
pairs pairings swiss
report reporters html
samplers samplers sweep
transformers models transformers
trl optimizers cpo dpo grpo kto online-dpo orpo ppo rejection rloo sft simpo soups
trl reward_models ensemble trl
verifiers judges code constraints exact math regex
vllm models vllm
"""
"""Extra of rlaif-core, kind, names; a kind may take several lines."""

KNOWN: dict[tuple[str, str], tuple[str, str]] = {
    (kind, name): (f"rlaif-{extra}", extra)
    for extra, kind, *names in map(str.split, _OFFERS.strip().splitlines())
    for name in names
}
"""(kind, name) to (distribution, extra of rlaif-core)."""
