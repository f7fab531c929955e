import json
import ssl

import pytest
from pydantic import BaseModel, SecretStr, ValidationError

from rlaif_core.api import PluginError
from rlaif_kit.endpoint import LONGEST, Endpoint, Service, endpoint

ACME = Service("https://api.acme.test/v1", "ACME_KEY", "ACME_URL")
KEY = "acme-very-secret"
ENVIRON = {"ACME_KEY": f"{KEY}\n"}


def at(url=None, key=None, environ=ENVIRON) -> Endpoint:
    return endpoint(ACME, url, None if key is None else SecretStr(key), environ)


def test_by_default_it_is_the_companys_own_with_the_key_of_the_environment():
    where = at()

    assert (where.url, where.key, where.official) == (ACME.url, KEY, True)
    assert where.key_source == "ACME_KEY"


def test_the_environment_may_hold_another_address():
    where = at(environ={**ENVIRON, "ACME_URL": "https://gateway.test/v1"})

    assert (where.url, where.key, where.official) == ("https://gateway.test/v1", KEY, False)


def test_an_address_of_the_recipe_is_not_sent_the_key_of_the_environment():
    assert at("https://elsewhere.test/v1").key == ""


@pytest.mark.parametrize("url", [ACME.url, f"{ACME.url}/"])
def test_the_companys_own_address_may_be_written_out(url):
    where = at(url)

    assert (where.key, where.official, where.trusted) == (KEY, True, True)


def test_an_address_of_the_recipe_is_not_trusted_with_the_environment():
    elsewhere = at(environ={**ENVIRON, "ACME_URL": "https://gateway.test/v1"})

    assert elsewhere.trusted
    assert not at("https://elsewhere.test/v1").trusted
    assert not at("https://elsewhere.test/v1", "named").trusted


def test_an_address_of_the_recipe_is_sent_the_key_that_the_recipe_names():
    where = at("https://elsewhere.test/v1", " named ")

    assert where.key == "named"
    assert where.key_source == "the recipe's `api_key`"


@pytest.mark.parametrize("environ", [{}, {"ACME_KEY": ""}, {"ACME_KEY": " \n"}])
def test_a_missing_key_names_the_variable_in_one_line(environ):
    with pytest.raises(PluginError, match="'m' needs a key: set the environment variable ACME_KEY"):
        at(environ=environ).check("m")


def test_another_server_may_want_no_key():
    at("http://localhost:8000/v1").check("m")


def test_a_key_that_no_header_can_carry_is_refused_unseen():
    with pytest.raises(PluginError, match="ACME_KEY cannot be a key") as caught:
        at(environ={"ACME_KEY": f"{KEY}\r\nx: y"}).check("m")
    assert KEY not in str(caught.value)


@pytest.mark.parametrize(
    "url",
    [
        "localhost:8000/v1",
        "ftp://box/v1",
        "http://",
        "v1",
        "http://box:port/v1",
        "http://box:99999/v1",
        "http://[::1/v1",
        "http://my box/v1",
    ],
)
def test_an_invalid_address_is_refused(url):
    with pytest.raises(PluginError, match="is not an address"):
        at(url).check("m")


@pytest.mark.parametrize(
    ("url", "loopback"),
    [
        ("http://localhost:8000/v1", True),
        ("http://127.0.0.1:8000", True),
        ("http://[::1]:8000/v1", True),
        ("http://10.0.0.7/v1", False),
        (ACME.url, False),
    ],
)
def test_an_endpoint_on_this_machine_is_loopback(url, loopback):
    assert at(url).loopback is loopback


def test_the_place_leaves_out_a_password():
    assert at("https://me:hidden@box:8000/v1/").place == "box:8000/v1"


def test_the_key_is_not_shown():
    assert KEY not in repr(at())


def test_a_message_of_a_service_is_cut_to_one_short_line_without_the_key():
    message = at().redacted(f"bad\n key {KEY}" + "x" * LONGEST)

    assert message.startswith("bad key ***xxx")
    assert len(message) == LONGEST + 1


def test_a_refusal_quotes_the_service_and_names_the_fix():
    error = at().refused(404, {}, f"no model for {KEY}", "check `model`")

    assert str(error) == "api.acme.test/v1 answered 404: no model for ***; check `model`"
    assert not error.transient


def test_an_overloaded_service_says_when_to_come_back():
    error = at().refused(529, {"retry-after": "3"}, "")

    assert (error.transient, error.overloaded, error.retry_after) == (True, True, 3.0)
    assert str(error) == "api.acme.test/v1 answered 529: nothing"


def test_a_refused_key_is_named_by_where_it_came_from_and_not_quoted():
    error = at().refused(401, {}, f"Incorrect key: {KEY[:6]}***")

    assert str(error).startswith("api.acme.test/v1 refuses the key of ACME_KEY: ")
    assert KEY[:6] not in str(error)


def test_a_server_that_wants_a_key_is_reported_with_the_way_to_give_one():
    error = at("http://localhost:8000/v1").refused(401, {}, "Unauthorized")

    assert str(error) == "localhost:8000/v1 wants a key: write `api_key: ${env:NAME}`"


def test_a_broken_connection_is_reported_with_its_first_cause():
    outer = RuntimeError("Request timed out.")
    outer.__cause__ = ConnectionResetError(104, "Connection reset by peer")
    error = at().unreachable(outer)

    assert error.transient
    assert "ConnectionResetError: [Errno 104] Connection reset by peer" in str(error)


def test_an_untrusted_certificate_is_permanent():
    error = at().unreachable(ssl.SSLCertVerificationError(1, "self-signed certificate"))

    assert not error.transient
    assert str(error).endswith("in SSL_CERT_FILE")


def test_a_body_that_cannot_be_read_says_where_and_quotes_nothing():
    class Body(BaseModel):
        choices: list[int]

    with pytest.raises(ValidationError) as caught:
        Body.model_validate_json(json.dumps({"choices": [KEY]}))
    error = at().malformed(caught.value)

    assert error.transient
    assert str(error).endswith("unable to parse string as an integer at choices.0")
    assert KEY not in str(error)


def test_a_late_answer_is_transient():
    error = at().late(0.5)

    assert error.transient
    assert str(error) == "api.acme.test/v1 gave no answer within 0.5 s"
