"""All that a plugin imports: records, one abstract class a kind, typed errors. No I/O here."""

from rlaif_core.api.chat import ChatModel, ChatReply, ChatRequest, Usage
from rlaif_core.api.command import Command
from rlaif_core.api.component import Component, Context, P, json_schema
from rlaif_core.api.errors import (
    DataError,
    ModelError,
    PluginError,
    RecipeError,
    RlaifError,
    RunError,
)
from rlaif_core.api.evaluator import Evaluation, Evaluator, Gold
from rlaif_core.api.executor import Executor
from rlaif_core.api.filter import Filter, JudgeFacts
from rlaif_core.api.hook import Hook, hookimpl
from rlaif_core.api.judge import Judge, PairwiseJudge, PointwiseJudge, Settlement
from rlaif_core.api.judge_metric import JudgeMetric
from rlaif_core.api.metric import Bounds, Chart, Measured, Measurement, Metric, Missing, metrics_of
from rlaif_core.api.model import Model, Prices
from rlaif_core.api.optimizer import Optimizer
from rlaif_core.api.pairing import Pair, Pairing, Ranking
from rlaif_core.api.params import Params, ResourcePath
from rlaif_core.api.probe import Probe, ProbeCase
from rlaif_core.api.records import (
    Abstention,
    Comparison,
    Drop,
    JudgedPair,
    Message,
    Order,
    Preference,
    Prompt,
    Response,
    Score,
    Verdict,
    Vote,
    digest,
)
from rlaif_core.api.reporter import Reporter
from rlaif_core.api.reward_model import RewardModel
from rlaif_core.api.rows import Row, json_rows, parquet_rows
from rlaif_core.api.sampler import Sampler
from rlaif_core.api.source import Source
from rlaif_core.api.training import Metrics, Progress, Scorer, TrainingJob

__all__ = [
    "Abstention",
    "Bounds",
    "Chart",
    "ChatModel",
    "ChatReply",
    "ChatRequest",
    "Command",
    "Comparison",
    "Component",
    "Context",
    "DataError",
    "Drop",
    "Evaluation",
    "Evaluator",
    "Executor",
    "Filter",
    "Gold",
    "Hook",
    "Judge",
    "JudgeFacts",
    "JudgeMetric",
    "JudgedPair",
    "Measured",
    "Measurement",
    "Message",
    "Metric",
    "Metrics",
    "Missing",
    "Model",
    "ModelError",
    "Optimizer",
    "Order",
    "P",
    "Pair",
    "Pairing",
    "PairwiseJudge",
    "Params",
    "PluginError",
    "PointwiseJudge",
    "Preference",
    "Prices",
    "Probe",
    "ProbeCase",
    "Progress",
    "Prompt",
    "Ranking",
    "RecipeError",
    "Reporter",
    "ResourcePath",
    "Response",
    "RewardModel",
    "RlaifError",
    "Row",
    "RunError",
    "Sampler",
    "Score",
    "Scorer",
    "Settlement",
    "Source",
    "TrainingJob",
    "Usage",
    "Verdict",
    "Vote",
    "digest",
    "hookimpl",
    "json_rows",
    "json_schema",
    "metrics_of",
    "parquet_rows",
]
