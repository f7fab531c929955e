"""The same questions through bespokelabs-curator, answered in the fields of a judge's verdict.

CURATOR_PYTHON with_curator.py URL QUESTIONS IN_FLIGHT
"""

from __future__ import annotations

import importlib.util
import json
import os
import sys
from pathlib import Path
from typing import Any, Literal

litellm = importlib.util.find_spec("litellm")
assert litellm is not None
assert litellm.origin is not None
os.environ |= {
    "OPENAI_API_KEY": "none",
    "TELEMETRY_ENABLED": "false",
    "CURATOR_DISABLE_CACHE": "true",  # every turn asks anew
    # Curator counts tokens; litellm ships what tiktoken would otherwise download.
    "TIKTOKEN_CACHE_DIR": str(Path(litellm.origin).parent / "litellm_core_utils/tokenizers"),
}

# These are imported here because curator reads the environment when it is imported.
from bespokelabs import curator  # noqa: E402
from datasets import Dataset  # noqa: E402
from pydantic import BaseModel, Field  # noqa: E402

UNLIMITED = 1_000_000_000


class Verdict(BaseModel):
    """A judge's answer."""

    explanation: str
    preference: Literal["A", "B"]
    confidence: float = Field(ge=0, le=1)


class Judge(curator.LLM):
    """Asks a row's question."""

    response_format = Verdict

    def prompt(self, input: dict[str, Any]) -> str:
        return str(input["question"])

    def parse(self, input: dict[str, Any], response: Verdict) -> dict[str, Any]:
        return response.model_dump()


def main() -> None:
    url, questions, in_flight = sys.argv[1:4]
    with open(questions, encoding="utf-8") as lines:
        rows = Dataset.from_list([json.loads(line) for line in lines])
    judge = Judge(
        model_name="judge",
        backend="openai",
        generation_params={"max_tokens": 512, "temperature": 0.5},
        backend_params={
            "base_url": f"{url}/v1",
            "max_requests_per_minute": UNLIMITED,
            "max_tokens_per_minute": UNLIMITED,
            "max_concurrent_requests": int(in_flight),
        },
    )
    answers = judge(rows)
    dataset = getattr(answers, "dataset", answers)
    print(sum(row is not None for row in dataset["preference"]))


if __name__ == "__main__":
    main()
