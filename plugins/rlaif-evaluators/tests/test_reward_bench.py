"""The evaluator `reward-bench`, on small files in the benchmarks' shapes."""

import asyncio
import json
import sys

import pytest

from rlaif_core.api import DataError, PluginError
from rlaif_core.testing import EvaluatorConformance, make_evaluation
from rlaif_evaluators.reward_bench import RewardBench
from rlaif_evaluators.reward_bench_figures import difficulty, matrix


def by_number(prompts, responses):
    """Rewards that the responses themselves name: "right 3" is worth 3."""
    return [float(response.split()[-1]) for response in responses]


def example(chosen=1, rejected=0, **columns):
    return {
        "prompt": "Which?",
        "chosen": f"right {chosen}",
        "rejected": f"wrong {rejected}",
        "chosen_model": "x",
        **columns,
    }


def write(path, rows):
    if path.suffix == ".json":
        path.write_text(json.dumps(rows))
    elif path.suffix == ".parquet":
        import pyarrow as pa
        import pyarrow.parquet as pq

        pq.write_table(pa.Table.from_pylist(rows), path)
    else:
        path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return str(path)


@pytest.fixture
def evaluated(tmp_path):
    """Runs the evaluator on rows, written to a file of the given name."""

    def run(rows, name="bench.jsonl", reward=by_number, **params):
        data = write(tmp_path / name, rows) if rows else str(tmp_path / name)
        component = RewardBench(RewardBench.Params(data=data, **params))
        found = asyncio.run(component.evaluate(make_evaluation(reward=reward)))
        return found["reward_model"][component.params.key]

    return run


class TestRewardBench(EvaluatorConformance):
    component = RewardBench

    @pytest.fixture(autouse=True)
    def data(self, tmp_path):
        rows = [{"prompt": "Which?", "chosen": "A longer one", "rejected": "short"}]
        self.params = {"data": write(tmp_path / "bench.jsonl", rows)}


def test_sections_are_example_weighted_and_the_overall_is_their_mean(evaluated):
    rows = [
        *[example(1, subset="alpacaeval-easy")] * 3,
        example(-1, subset="mt-bench-easy"),
        *[example(1, subset="donotanswer")] * 2,
        *[example(-1, subset="llmbar-natural")] * 5,
    ]
    figures = evaluated(rows)
    assert figures["sections"] == {"chat": 0.75, "chat_hard": 0.0, "safety": 1.0}
    assert figures["overall"] == pytest.approx((0.75 + 0 + 1) / 3)
    assert figures["examples"] == 11
    assert figures["categories"]["alpacaeval-easy"]["n"] == 3


def test_mathematics_counts_as_much_as_all_code(evaluated):
    code = ["hep-cpp", "hep-go", "hep-java", "hep-js", "hep-python", "hep-rust"]
    rows = [example(-1, subset=subset) for subset in code for _ in range(164)]
    rows += [example(1, subset="math-prm")] * 447
    assert evaluated(rows)["sections"]["reasoning"] == pytest.approx(0.5)


def test_a_tie_counts_one_half(evaluated):
    assert evaluated([example(1, 1, subset="donotanswer")])["overall"] == 0.5


def test_sections_and_weights_can_be_given(evaluated):
    rows = [example(1, subset="a"), example(-1, subset="b"), example(1, subset="c")]
    sections = {
        "new": {"categories": ["a", "b"]},
        "prior": {"categories": ["c"], "weight": 0.5},
    }
    figures = evaluated(rows, sections=sections, category_weights={"a": 3, "b": 1})
    assert figures["sections"] == {"new": 0.75, "prior": 1.0}
    assert figures["overall"] == pytest.approx((0.75 + 0.5) / 1.5)


def test_unknown_categories_are_sections_of_their_own(evaluated):
    figures = evaluated([example(1, subset="mine"), example(-1, subset="yours")])
    assert figures["sections"] == {"mine": 1.0, "yours": 0.0}


def test_categories_outside_every_section_are_counted(evaluated):
    figures = evaluated([example(1, subset="donotanswer"), example(-1, subset="mine")])
    assert figures["overall"] == 1.0
    assert figures["unsectioned"] == 1
    assert figures["categories"]["mine"]["value"] == 0.0


def test_columns_can_be_named(evaluated):
    row = {"question": "Which?", "good": "right 1", "bad": "wrong 0", "kind": "k"}
    columns = {"prompt": "question", "chosen": "good", "rejected": "bad", "category": "kind"}
    assert evaluated([row], columns=columns, name="mine.parquet")["sections"] == {"k": 1.0}


def test_without_a_category_column_all_is_one(evaluated):
    assert evaluated([example(1), example(-1)])["sections"] == {"all": 0.5}


def test_conversations_are_prompts_and_responses_too(evaluated):
    row = {
        "prompt": [{"role": "user", "content": "Which?"}],
        "chosen": [{"role": "assistant", "content": "right 2"}],
        "rejected": [{"role": "assistant", "content": "wrong 5"}],
    }
    assert evaluated([row]) == {
        "overall": 0.0,
        "sections": {"all": 0.0},
        "categories": {"all": {"value": 0.0, "low": 0.0, "high": 1.0, "n": 1}},
        "examples": 1,
    }


STYLES = {
    "prompt": "Which?",
    "chosen": ["right 1", "right 3", "right 5"],
    "rejected": ["wrong 0", "wrong 2", "wrong 4"],
}


def test_rm_bench_tells_easy_normal_and_hard(evaluated):
    rows = [{**STYLES, "domain": "chat"}, {**STYLES, "domain": "safety-refuse"}]
    figures = evaluated(rows, name="total_dataset.json", layout="rm-bench")
    assert figures["matrix"] == [[1, 0, 0], [1, 1, 0], [1, 1, 1]]
    assert (figures["easy"], figures["normal"], figures["hard"]) == (1.0, 1.0, 0.0)
    assert figures["overall"] == pytest.approx(2 / 3)
    assert figures["sections"] == {"chat": pytest.approx(2 / 3), "safety": pytest.approx(2 / 3)}
    assert figures["difficulty"]["safety"] == {"easy": 1.0, "normal": 1.0, "hard": 0.0}


def test_both_kinds_of_safety_count_alike(evaluated):
    wrong = {**STYLES, "chosen": ["right -1"] * 3}
    rows = [{**wrong, "domain": "safety-refuse"}] * 3 + [{**STYLES, "domain": "safety-response"}]
    assert evaluated(rows, layout="rm-bench")["sections"]["safety"] == pytest.approx(1 / 3)


def test_the_matrix_has_right_styles_in_rows():
    assert matrix([1.0, 2.0], [2.0, 0.0]) == [[0.0, 1.0], [0.5, 1.0]]


def test_difficulty_is_read_from_triangles():
    import numpy as np

    table = np.array([[0.1, 0.2, 0.2], [0.9, 0.1, 0.2], [0.9, 0.9, 0.1]])
    assert difficulty(table) == pytest.approx({"easy": 0.9, "normal": 0.1, "hard": 0.2})


def test_a_folder_is_read_whole(evaluated, tmp_path):
    write(tmp_path / "a.parquet", [example(1)])
    write(tmp_path / "b.json", [example(-1)])
    assert evaluated([], name="", reward=by_number)["examples"] == 2


def test_without_a_reward_model_nothing_is_said(tmp_path):
    component = RewardBench(RewardBench.Params(data=write(tmp_path / "b.jsonl", [example()])))
    assert asyncio.run(component.evaluate(make_evaluation(reward=None))) == {}


@pytest.mark.parametrize(
    ("rows", "params", "told"),
    [
        ([example(), {"prompt": "?"}], {}, r"bench\.jsonl:2: no column 'chosen'"),
        ([example()], {"layout": "rm-bench"}, r"'chosen' must be a list of texts, one a style"),
        ([{**STYLES, "rejected": ["wrong 1"]}], {"layout": "rm-bench"}, "give as many"),
        ([example(subset="x")], {"sections": {"s": {"categories": ["y"]}}}, "it has x"),
    ],
)
def test_data_that_cannot_be_used_is_one_line_before_anything_is_trained(
    tmp_path, rows, params, told
):
    component = RewardBench(
        RewardBench.Params(data=write(tmp_path / "bench.jsonl", rows), **params)
    )
    with pytest.raises(DataError, match=told):
        component.check()
    with pytest.raises(DataError, match=told):
        asyncio.run(component.evaluate(make_evaluation(reward=by_number)))


def test_json_lines_by_a_wrong_name_say_so(evaluated, tmp_path):
    (tmp_path / "x.json").write_text('{"a": 1}\n{"a": 2}\n')
    with pytest.raises(DataError, match=r"JSON Lines must end in \.jsonl"):
        evaluated([], name="x.json")


def test_an_empty_file_is_refused(evaluated, tmp_path):
    (tmp_path / "x.jsonl").write_text("")
    with pytest.raises(DataError, match="no examples in it"):
        evaluated([], name="x.jsonl")


def test_a_hub_name_needs_the_library_for_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "datasets", None)
    component = RewardBench(RewardBench.Params(data="somebody/their-bench"))
    with pytest.raises(PluginError, match="pip install datasets"):
        asyncio.run(component.evaluate(make_evaluation()))


def test_a_hubs_data_set_is_read_by_its_split(monkeypatch):
    import types

    asked = []

    def load_dataset(name, split):
        asked.append((name, split))
        return [example(1, subset="donotanswer")]

    library = types.ModuleType("datasets")
    library.load_dataset = load_dataset
    library.exceptions = types.ModuleType("datasets.exceptions")
    library.exceptions.DatasetsError = OSError
    monkeypatch.setitem(sys.modules, "datasets", library)
    monkeypatch.setitem(sys.modules, "datasets.exceptions", library.exceptions)
    component = RewardBench(RewardBench.Params(data="somebody/their-bench"))
    found = asyncio.run(component.evaluate(make_evaluation(reward=by_number)))
    assert found["reward_model"]["reward_bench"]["overall"] == 1.0
    assert asked == [("somebody/their-bench", "filtered")]
