"""Rebuild the lab's models: `python -m rlaif_lab.train --out DIR [--only policy|judge]`."""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict
from pathlib import Path
from random import Random
from typing import Final

from rlaif_lab.shipped import MODELS, ModelName
from rlaif_lab.train.fit import Schedule, Shape, fit, new_model
from rlaif_lab.train.judge_corpus import judge_turns
from rlaif_lab.train.measure import measure
from rlaif_lab.train.policy_corpus import policy_turns
from rlaif_lab.train.tokenizer import build_tokenizer

SCHEDULES: Final[dict[ModelName, Schedule]] = {
    "policy": Schedule(steps=800, batch=96, rate=4e-3),
    "judge": Schedule(steps=1500, batch=64, rate=4e-3),
}
_TURNS: Final = {"policy": policy_turns, "judge": judge_turns}
_LONGEST_REPLY: Final = 96


def build(name: ModelName, out: Path, seed: int) -> dict[str, object]:
    """Train one model and save it with its tokenizer, chat template and generation settings.

    Args:
        name: "policy" or "judge".
        out: The model goes to the folder `out / name`.
        seed: Seeds the weights, the turns and their order.

    Returns:
        Seed, size, schedule and seconds of the training, JSON-able.
    """
    from transformers import GenerationConfig

    tokenizer = build_tokenizer()
    model = new_model(tokenizer, Shape(), seed)
    turns = _TURNS[name](Random(f"rlaif-lab/{name}/{seed}"))
    seconds = fit(model, tokenizer, turns, SCHEDULES[name], seed, name)
    model.generation_config = GenerationConfig(  # type: ignore[no-untyped-call]  # theirs
        do_sample=name == "policy",
        max_new_tokens=_LONGEST_REPLY,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
    )
    model.save_pretrained(out / name)
    tokenizer.save_pretrained(out / name)
    return {
        "seed": seed,
        "parameters": model.num_parameters(),
        "schedule": asdict(SCHEDULES[name]),
        "seconds": round(seconds),
    }


def main() -> None:
    """Train the chosen models, measure both and write the figures."""
    parser = argparse.ArgumentParser(prog="python -m rlaif_lab.train", description=__doc__)
    parser.add_argument("--out", type=Path, default=MODELS, help="where the model folders go")
    parser.add_argument("--only", choices=("policy", "judge"), help="train one, keep the other")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    names: tuple[ModelName, ...] = (options.only,) if options.only else ("policy", "judge")
    figures_file = options.out / "figures.json"
    figures = json.loads(figures_file.read_text()) if figures_file.exists() else {}
    for name in names:
        figures[f"{name}_training"] = build(name, options.out, options.seed)
    if all((options.out / name / "config.json").exists() for name in ("policy", "judge")):
        figures |= measure(options.out)
    figures_file.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")
    print(json.dumps(figures, indent=2))


if __name__ == "__main__":
    main()
