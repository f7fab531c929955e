import numpy as np
import pytest

from rlaif_stats.outcomes import as_outcomes, sides


def test_sides_tells_a_win_a_loss_a_tie_and_an_abstention_apart():
    np.testing.assert_array_equal(sides([0.9, 0.1, 0.5, np.nan]), [1.0, -1.0, 0.0, np.nan])


def test_an_outcome_outside_the_unit_interval_is_refused_by_its_value():
    with pytest.raises(ValueError, match=r"1\.5"):
        as_outcomes([0.2, 1.5])
