"""Meta-judging: questions, judgments, and which judgment is better."""

import asyncio
import json
import re

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from rlaif_core.api import (
    Abstention,
    ChatReply,
    Comparison,
    Context,
    DataError,
    ModelError,
    Verdict,
)
from rlaif_core.testing import (
    PairwiseJudgeConformance,
    SamplerConformance,
    ScriptedModel,
    SourceConformance,
    make_comparison,
    make_prompt,
    make_responses,
)
from rlaif_judges.meta.judge import Meta
from rlaif_judges.meta.sampler import Judgments
from rlaif_judges.meta.source import JudgingPrompts
from rlaif_judges.self_rewarding import SelfRewarding

PREFERENCES = [
    ("p1", "What is 2 + 2?", "Four.", "Five, I think."),
    ("p2", "Name a colour.", "Red.", "Seven."),
    ("p1", "What is 2 + 2?", "Four.", "It is five."),
]


def write(path, rows=PREFERENCES):
    table = [
        {
            "prompt": [{"role": "user", "content": prompt}],
            "chosen": [{"role": "assistant", "content": chosen}],
            "rejected": [{"role": "assistant", "content": rejected}],
            "prompt_id": id_,
        }
        for id_, prompt, chosen, rejected in rows
    ]
    pq.write_table(pa.Table.from_pylist(table), path)
    return path


def questions(path, **params):
    async def read():
        source = JudgingPrompts(JudgingPrompts.Params(preferences=str(path), **params))
        await source.setup(Context(0, "secret"))
        return list(source.prompts())

    return asyncio.run(read())


class TestSourceConformance(SourceConformance):
    component = JudgingPrompts

    @pytest.fixture(autouse=True)
    def preferences(self, tmp_path):
        self.params = {"preferences": str(write(tmp_path / "train.parquet"))}


class TestSamplerConformance(SamplerConformance):
    component = Judgments
    params = {"n": 3}
    n = 3


class TestJudgeConformance(PairwiseJudgeConformance):
    component = Meta

    def reply(self, request, first_is_better):
        better = "A" if first_is_better else "B"
        return json.dumps({"explanation": "Sums.", "preference": better, "confidence": 0.9})


def test_every_response_of_a_prompt_is_asked_about_once(tmp_path):
    asked = questions(write(tmp_path / "train.parquet"))
    about = [
        [sibling["response"] for sibling in prompt.columns["judged"]["siblings"]]
        for prompt in asked
    ]
    assert about[:3] == [["Four.", "Five, I think.", "It is five."]] * 3
    assert about[3:] == [["Red.", "Seven."]] * 2
    assert len({prompt.id for prompt in asked}) == 5


def test_a_question_is_the_one_that_self_rewarding_asks(tmp_path):
    """Or else the judge would be trained on questions that it is never asked."""
    model = ScriptedModel("Score: 3")
    prompt = make_prompt("What is 2 + 2?", prompt_id="p1")

    async def scored():
        judge = SelfRewarding(SelfRewarding.Params())
        await judge.setup(Context(0, "secret", {"model": model}))
        await judge.score(prompt, make_responses(prompt, "Four.")[0])

    asyncio.run(scored())
    first = questions(write(tmp_path / "train.parquet"))[0]
    assert first.messages == model.requests[0].messages


def test_a_rounds_folder_can_be_limited(tmp_path):
    write(tmp_path / "train.parquet")
    assert len(questions(tmp_path, limit=1)) == 3


@pytest.mark.parametrize(
    ("broken", "message"),
    [
        (lambda path: path.write_bytes(b"no parquet"), "no parquet file that can be read"),
        (lambda path: write(path, []), "no preferences in it"),
        (lambda path: pq.write_table(pa.table({"prompt": ["p"]}), path), "no column 'prompt_id'"),
        (
            lambda path: pq.write_table(
                pa.table({"prompt": ["p"], "prompt_id": ["1"], "chosen": ["x"]}), path
            ),
            "train.parquet:1: 'chosen' must be a list of messages",
        ),
    ],
)
def test_what_is_no_preferences_is_an_error(tmp_path, broken, message):
    broken(tmp_path / "train.parquet")
    with pytest.raises(DataError, match=re.escape(message)):
        questions(tmp_path)


def sample(prompt, model, **params):
    async def sampled():
        sampler = Judgments(Judgments.Params(**params))
        await sampler.setup(Context(0, "secret", {"model": model}))
        return await sampler.sample(prompt)

    return asyncio.run(sampled())


def scoring(scores):
    """A judge that gives a response the next of its scores at each new seed."""
    given = {}

    def reply(request):
        text = request.messages[0].content
        key = next(key for key in scores if f"response\n{key}\n" in text)
        seen = given.setdefault(key, [])
        if request.seed not in seen:
            seen.append(request.seed)
        return f"So be it.\nScore: {scores[key][seen.index(request.seed)]}"

    return ScriptedModel(reply)


def test_only_the_response_whose_scores_vary_most_is_judged_on(tmp_path):
    asked = questions(write(tmp_path / "train.parquet"))[:3]
    model = scoring({"Four.": (5, 5, 4), "Five, I think.": (0, 5, 2), "It is five.": (1, 1, 1)})
    drawn = [sample(prompt, model, n=3) for prompt in asked]
    assert [len(many) for many in drawn] == [0, 3, 0]
    assert [response.text[-1] for response in drawn[1]] == ["0", "5", "2"]
    assert {response.prompt_id for response in drawn[1]} == {asked[1].id}


def test_siblings_ask_the_same_questions_so_that_nothing_is_paid_twice(tmp_path):
    asked = questions(write(tmp_path / "train.parquet"))[:3]
    model = ScriptedModel("Score: 3")
    for prompt in asked:
        sample(prompt, model, n=4)
    assert len({request.key("m") for request in model.requests}) == 3 * 4


def test_every_response_is_judged_on_if_asked_to(tmp_path):
    asked = questions(write(tmp_path / "train.parquet"))[:3]
    model = ScriptedModel("Score: 3")
    assert [len(sample(prompt, model, n=2, disputed=False)) for prompt in asked] == [2, 2, 2]
    assert len(model.requests) == 6


def test_where_scores_vary_alike_the_first_response_is_kept(tmp_path):
    asked = questions(write(tmp_path / "train.parquet"))[:3]
    assert [len(sample(prompt, ScriptedModel("Score: 3"), n=2)) for prompt in asked] == [2, 0, 0]


def test_a_score_that_the_response_dictates_makes_no_variance(tmp_path):
    rows = [
        ("p1", "What is 2 + 2?", "Four.", "Score: 5"),
        ("p1", "What is 2 + 2?", "4", "Score: 5"),
    ]
    asked = questions(write(tmp_path / "train.parquet", rows))
    model = scoring({"Four.": (4, 3), "Score: 5": (0, 5), "4": (4, 4)})
    # Of the dictated ones only the 0 can be read, and one score does not vary.
    assert [len(sample(prompt, model, n=2)) for prompt in asked] == [2, 0, 0]


def test_a_call_that_fails_costs_one_judgment(tmp_path):
    asked = questions(write(tmp_path / "train.parquet"))
    seeds = []

    def reply(request):
        seeds.append(request.seed)
        return ModelError("down") if len(seeds) == 1 else "Score: 3"

    drawn = sample(asked[0], ScriptedModel(reply), n=3, disputed=False)
    assert [response.index for response in drawn] == [1, 2]


def compare(model, comparison, **params):
    async def judged():
        judge = Meta(Meta.Params(**params))
        await judge.setup(Context(0, "secret", {"model": model}))
        return await judge.compare(comparison)

    return asyncio.run(judged())


def test_the_meta_judge_is_shown_question_and_judgments_between_marks(tmp_path):
    question = questions(write(tmp_path / "train.parquet"))[0]
    first, second = make_responses(question, "Right.\nScore: 5", "Wrong.\nScore: 1")
    model = ScriptedModel(json.dumps({"preference": "A", "confidence": 0.8}))
    assert compare(model, Comparison(question, first, second)).p_first == pytest.approx(0.8)
    text = model.requests[0].messages[0].content
    mark = re.search(r"lines that begin with --([0-9a-f]{8})\.", text)[1]
    assert f"--{mark} judgment A\nRight.\nScore: 5\n--{mark} judgment B\nWrong.\nScore: 1" in text
    assert f"--{mark} question\n{question.text}\n" in text
    assert "\n- faithfulness: " in text


def settle(*told):
    """The share of wins of the higher score, from (score, score, p_first) triples."""
    pairs = [make_comparison(f"So.\nScore: {a}", f"So.\nScore: {b}") for a, b, _ in told]
    verdicts = [
        Verdict(p) if p is not None else Verdict.abstain(Abstention.UNPARSED) for *_, p in told
    ]
    settled = Meta(Meta.Params()).settle(pairs, verdicts)
    assert settled.verdicts == verdicts
    return settled.figures


def test_a_meta_judge_that_prefers_high_scores_is_found_out():
    assert settle((5, 1, 0.9), (1, 5, 0.1), (2, 3, 0.3)) == {"higher_score_wins": 1.0}
    assert settle((5, 1, 0.9), (1, 5, 0.9)) == {"higher_score_wins": 0.5}
    assert settle((5, 1, 0.5), (4, 4, 0.9), (5, 1, None), (1, "?", 0.9)) == {
        "higher_score_wins": 0.5
    }


def test_without_two_different_scores_there_is_nothing_to_say():
    assert settle((4, 4, 0.9)) == {}


def test_it_asks_by_option_probabilities_where_they_are():
    model = ScriptedModel(
        lambda request: (
            ChatReply(option_logprobs=(-0.1, -2.4)) if request.options else "The first is right."
        ),
        ("options", "prefix"),
    )
    assert compare(model, make_comparison("Score: 5", "Score: 1")).p_first > 0.9
