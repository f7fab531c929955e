"""Training that leaves the process as it found it: random states, log level, no call home."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def isolated() -> Iterator[None]:
    """Keep global random states and the log level of transformers, and silence its notes.

    Trainers seed python, numpy and torch for the whole process, and note again and again what is
    meant here: a new score head, a padding token passed on to the model.
    """
    import numpy
    import torch
    from transformers.utils import logging

    states = random.getstate(), numpy.random.get_state()
    level = logging.get_verbosity()
    bars = logging.is_progress_bar_enabled()
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    try:
        with torch.random.fork_rng():
            yield
    finally:
        logging.set_verbosity(level)
        if bars:
            logging.enable_progress_bar()
        random.setstate(states[0])
        numpy.random.set_state(states[1])
