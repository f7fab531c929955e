import numpy as np
import pytest

from rlaif_stats.selective import learn_then_test, least_accepted


def calibration_set(rng, size):
    """A judge whose chance to be right is its confidence, from one half to one."""
    confidence = rng.uniform(0.5, 1.0, size)
    return confidence, rng.random(size) < confidence


def test_it_takes_22_items_to_show_a_risk_of_a_tenth():
    assert least_accepted(0.1, 0.1) == 22
    assert learn_then_test(np.ones(21), np.ones(21)) is None
    assert learn_then_test(np.ones(22), np.ones(22)).coverage == 1.0


def test_the_risk_is_kept_as_often_as_promised():
    rng = np.random.default_rng(0)
    rules = [learn_then_test(*calibration_set(rng, 300), 0.1, 0.1) for _ in range(400)]
    # Accepted above t, this judge errs with chance (1 - t) / 2.
    risks = [(1.0 - rule.threshold) / 2.0 if rule else 0.0 for rule in rules]
    assert np.mean(np.array(risks) > 0.1) <= 0.1


def test_much_of_what_could_be_accepted_is():
    rng = np.random.default_rng(0)
    rules = [learn_then_test(*calibration_set(rng, 1000), 0.1, 0.1) for _ in range(50)]
    # Knowing the truth, 40 % could be accepted at this risk.
    assert np.mean([rule.coverage if rule else 0.0 for rule in rules]) > 0.2


def test_more_risk_accepts_no_less():
    confidence, correct = calibration_set(np.random.default_rng(0), 1000)
    rules = [learn_then_test(confidence, correct, risk=risk) for risk in (0.05, 0.1, 0.2)]
    coverages = [rule.coverage if rule else 0.0 for rule in rules]
    assert coverages == sorted(coverages)
    assert coverages[-1] > 0.5


def test_the_rule_says_what_it_accepted():
    confidence, correct = calibration_set(np.random.default_rng(0), 1000)
    rule = learn_then_test(confidence, correct, risk=0.2)
    accept = confidence >= rule.threshold
    assert rule.accepted == accept.sum()
    assert rule.error_rate == pytest.approx(1.0 - correct[accept].mean())
    assert rule.error_rate < 0.2


def test_a_judge_that_is_always_wrong_is_not_accepted():
    assert learn_then_test(np.linspace(0.5, 1.0, 200), np.zeros(200, bool)) is None


def test_thresholds_named_in_advance_are_the_only_ones_tested():
    confidence, correct = calibration_set(np.random.default_rng(0), 2000)
    rule = learn_then_test(confidence, correct, risk=0.3, thresholds=[0.9, 0.7])
    assert rule.threshold == 0.7


@pytest.mark.parametrize(("confidence", "risk"), [([0.5, 0.6], 0.1), ([np.nan], 0.1), ([0.5], 1.0)])
def test_what_cannot_be_tested_is_refused(confidence, risk):
    with pytest.raises(ValueError, match=r"length|finite|risk"):
        learn_then_test(confidence, [True], risk=risk)
