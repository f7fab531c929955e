"""First-party components by name, so that a missing one can say what to install."""

from __future__ import annotations

_OFFERS: dict[str, dict[str, tuple[str, ...]]] = {
    "anthropic": {
        "models": ("anthropic",),
    },
    "data": {
        "sources": (
            "hf",
            "jsonl",
        ),
    },
    "evaluators": {
        "evaluators": (
            "best-of-n",
            "drift",
            "gold",
            "kl",
            "reward-accuracy",
            "reward-bench",
            "win-rate",
        ),
    },
    "judges": {
        "judges": (
            "cascade",
            "constitutional",
            "debate",
            "jury",
            "meta",
            "pairwise",
            "recorded",
            "revision-order",
            "score",
            "self-rewarding",
        ),
        "probes": ("injections",),
        "samplers": (
            "critique-revise",
            "judgments",
        ),
        "sources": ("judging-prompts",),
    },
    "lab": {
        "hooks": ("lab-noise",),
        "sources": ("lab",),
    },
    "openai": {
        "models": ("openai",),
    },
    "pairs": {
        "filters": (
            "agreement",
            "confidence",
            "duplicates",
            "length",
        ),
        "pairings": (
            "adjacent",
            "all",
            "best-vs-worst",
            "elo",
            "knockout",
            "length-control",
            "merge-sort",
            "min-max",
            "random",
            "swiss",
        ),
    },
    "judge-metrics": {
        "judge_metrics": ("reliability",),
    },
    "report": {
        "reporters": ("html",),
    },
    "samplers": {
        "samplers": ("sweep",),
    },
    "transformers": {
        "models": ("transformers",),
    },
    "trl": {
        "optimizers": (
            "cpo",
            "dpo",
            "grpo",
            "kto",
            "online-dpo",
            "orpo",
            "ppo",
            "rejection",
            "rloo",
            "sft",
            "simpo",
            "soups",
        ),
        "reward_models": (
            "ensemble",
            "trl",
        ),
    },
    "verifiers": {
        "judges": (
            "code",
            "constraints",
            "exact",
            "math",
            "regex",
        ),
    },
    "vllm": {
        "models": ("vllm",),
    },
}

KNOWN: dict[tuple[str, str], tuple[str, str]] = {
    (kind, name): (f"rlaif-{extra}", extra)
    for extra, kinds in _OFFERS.items()
    for kind, names in kinds.items()
    for name in names
}
"""(kind, name) to (distribution, extra of rlaif-core)."""
