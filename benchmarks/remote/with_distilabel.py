"""The same questions through a distilabel pipeline, answered in the fields of a judge's verdict.

DISTILABEL_PYTHON with_distilabel.py URL QUESTIONS IN_FLIGHT
"""

from __future__ import annotations

import json
import sys
from typing import Literal

from distilabel.models import OpenAILLM
from distilabel.pipeline import Pipeline
from distilabel.steps import LoadDataFromDicts
from distilabel.steps.tasks import TextGeneration
from pydantic import BaseModel, Field


class Verdict(BaseModel):
    """A judge's answer."""

    explanation: str
    preference: Literal["A", "B"]
    confidence: float = Field(ge=0, le=1)


def main() -> None:
    url, questions, in_flight = sys.argv[1:4]
    with open(questions, encoding="utf-8") as lines:
        rows = [{"instruction": json.loads(line)["question"]} for line in lines]
    llm = OpenAILLM(
        model="judge",
        base_url=f"{url}/v1",
        api_key="none",
        structured_output={"schema": Verdict},
        generation_kwargs={"max_new_tokens": 512, "temperature": 0.5},
    )
    with Pipeline("judging") as pipeline:
        load = LoadDataFromDicts(data=rows, batch_size=int(in_flight))
        judge = TextGeneration(llm=llm, input_batch_size=int(in_flight))
        load >> judge
    distiset = pipeline.run(use_cache=False)
    generations = distiset["default"]["train"]["generation"]
    print(sum(generation is not None for generation in generations))


if __name__ == "__main__":
    main()
