"""Isolation of training: random states, log level, bars and threads are restored."""

from __future__ import annotations

import random
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from logging import ERROR, getLogger
from typing import Any


@contextmanager
def isolated(seed: int) -> Iterator[None]:
    """Seed everything, and restore the process's random states and log level in the end.

    Trainers seed python, numpy and torch for the whole process, and log repeatedly what is
    intended here: a new score head, a padding token passed on to the model.
    """
    import numpy
    import torch
    from transformers import set_seed
    from transformers.utils import logging as transformers_logging

    logging: Any = transformers_logging  # its functions have no types
    states = random.getstate(), numpy.random.get_state()
    trl = getLogger("trl")
    trl_level = trl.level
    threads = torch.get_num_threads()
    level, bars = logging.get_verbosity(), logging.is_progress_bar_enabled()
    logging.set_verbosity_error()
    trl.setLevel(ERROR)  # it would print the prompt of each response that has no reward
    logging.disable_progress_bar()
    try:
        with torch.random.fork_rng(), warnings.catch_warnings():
            warnings.simplefilter("ignore", FutureWarning)  # between TRL and transformers
            set_seed(seed)
            yield
    finally:
        logging.set_verbosity(level)
        trl.setLevel(trl_level)
        if bars:
            logging.enable_progress_bar()
        random.setstate(states[0])
        numpy.random.set_state(states[1])
        torch.set_num_threads(threads)
