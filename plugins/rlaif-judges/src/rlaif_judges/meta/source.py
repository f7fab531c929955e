"""The source `judging-prompts`: how good each response of an earlier round is, as a question."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pydantic import Field

from rlaif_core.api import DataError, Params, Prompt, ResourcePath, Row, Source
from rlaif_judges.asking.fence import fence
from rlaif_judges.meta.sibling import Sibling, judging_prompts


class JudgingPromptsParams(Params):
    """Parameters of `judging-prompts`."""

    preferences: ResourcePath = Field(
        description="a round's folder of preferences: parquet with columns prompt, chosen, "
        "rejected and prompt_id"
    )
    prompt: ResourcePath = Field(
        default="rlaif_judges:prompts/self_rewarding.jinja",
        description="the template that the judge asks with",
    )
    answer_prefix: str = Field(
        default="Score:", min_length=1, description="what stands before the score"
    )
    limit: int | None = Field(default=None, ge=1, description="only the first prompts")


class JudgingPrompts(Source[JudgingPromptsParams]):
    """Asks how good each response in a round's preferences is, as its judge did."""

    Params = JudgingPromptsParams

    def prompts(self) -> Iterator[Prompt]:
        """One question for each response, in the preferences' order.

        With the same seed these are the very questions that the judge `self-rewarding` asked.

        Raises:
            DataError: Naming the file, and the row that is no preference.
            PluginError: If the template cannot be used.
        """
        from rlaif_judges.asking.template import PromptTemplate

        template = PromptTemplate(
            self.params.prompt, self._values("p", "r"), shown=("prompt", "response")
        )
        answered = list(self._responses().items())
        for prompt_id, (text, responses) in answered[: self.params.limit]:
            questions = [template.render(self._values(text, response)) for response in responses]
            yield from judging_prompts(
                prompt_id,
                [
                    Sibling.of(prompt_id, question, response)
                    for question, response in zip(questions, responses, strict=True)
                ],
            )

    def _responses(self) -> dict[str, tuple[str, list[str]]]:
        """Text and distinct responses of each prompt, by its id."""
        found: dict[str, tuple[str, list[str]]] = {}
        for row in self._rows():
            text = Prompt("", row.conversation("prompt")).text
            _, responses = found.setdefault(row.text("prompt_id"), (text, []))
            for column in ("chosen", "rejected"):
                response = _last_turn(row, column)
                if response not in responses:
                    responses.append(response)
        if not found:
            raise DataError(f"{self.params.preferences}: no preferences in it")
        return found

    def _rows(self) -> Iterator[Row]:
        import pyarrow as pa
        import pyarrow.parquet as pq

        path = Path(self.params.preferences)
        files = sorted(path.glob("*.parquet")) if path.is_dir() else [path]
        for file in files:
            try:
                rows = pq.read_table(file).to_pylist()
            except (OSError, pa.ArrowException) as error:
                raise DataError(f"{file}: no parquet file that can be read: {error}") from error
            for number, values in enumerate(rows, start=1):
                yield Row(f"{file}:{number}", values)

    def _values(self, prompt: str, response: str) -> dict[str, Any]:
        return {
            "prompt": prompt,
            "response": response,
            "fence": fence(self.context.secret, prompt, response),
            "answer_prefix": self.params.answer_prefix,
        }


def _last_turn(row: Row, column: str) -> str:
    turns = row.values.get(column)
    if not isinstance(turns, list) or not turns:
        raise row.error(f"'{column}' must be a list of messages")
    return Row(row.place, turns[-1]).text("content")
