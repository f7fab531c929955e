import pytest

from rlaif_kit.http import http_error, retry_after


@pytest.mark.parametrize("status", [408, 409, 425, 429, 500, 502, 503, 504, 529])
def test_a_status_that_means_later_is_transient(status):
    assert http_error(status, {}, "later").transient


@pytest.mark.parametrize("status", [400, 401, 402, 403, 404, 413, 422])
def test_other_client_errors_are_permanent(status):
    assert not http_error(status, {}, "no").transient


@pytest.mark.parametrize(("status", "overloaded"), [(429, True), (529, True), (503, False)])
def test_too_many_requests_is_an_overload(status, overloaded):
    assert http_error(status, {}, "later").overloaded is overloaded


def test_x_should_retry_decides_over_the_status():
    assert not http_error(429, {"x-should-retry": "false"}, "no credit").transient
    assert http_error(400, {"x-should-retry": "true"}, "a hiccup").transient


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"retry-after": "7"}, 7.0),
        ({"retry-after": "0.25"}, 0.25),
        ({"retry-after": "-3"}, 0.0),
        ({"retry-after-ms": "1500", "retry-after": "7"}, 1.5),
        ({"retry-after-ms": "soon", "retry-after": "7"}, 7.0),
        ({"retry-after": "soon"}, None),
        ({"retry-after": "nan"}, None),
        ({"retry-after": "1e999"}, None),
    ],
)
def test_retry_after_is_read_as_seconds(headers, seconds):
    assert retry_after(headers) == seconds


def test_retry_after_a_date_is_measured_by_the_clock_of_the_service():
    headers = {
        "date": "Wed, 21 Oct 2015 07:28:00 GMT",
        "retry-after": "Wed, 21 Oct 2015 07:28:30 GMT",
    }
    assert retry_after(headers) == 30.0


def test_a_date_that_has_passed_means_now():
    assert retry_after({"retry-after": "Wed, 21 Oct 2015 07:28:30 GMT"}) == 0.0
