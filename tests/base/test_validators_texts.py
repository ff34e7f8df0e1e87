"""The forms of texts: e-mail, phone, URL, identifiers, JSON, UUID, addresses."""

from datetime import UTC, time
from decimal import Decimal
from uuid import UUID

import pytest
from django.db import models
from hypothesis import example, given
from hypothesis import strategies as st

from ingestion.base.fields import Field
from ingestion.base.validators import (
    EmailValidator,
    InvalidValue,
    JSONValidator,
    PhoneValidator,
    URLValidator,
)
from tests.base.outcomes import kept, outcome, refused


@pytest.mark.parametrize(
    ("raw", "result"),
    [
        (" Ada.Lovelace@Example.COM\n", kept("ada.lovelace@example.com")),
        ("\u00a0a@b.co", kept("a@b.co")),
        ("a+tag@b.co.uk", kept("a+tag@b.co.uk")),
        ("o'hara@b.co", kept("o'hara@b.co")),
        ("a@bücher.de", kept("a@bücher.de")),
        ("mailto:a@b.co", refused("invalid")),
        ("a@b.co; c@d.co", refused("invalid")),
        ("Ada <a@b.co>", refused("invalid")),
        ("a@b", refused("invalid")),
        ("a@b..co", refused("invalid")),
        ("a@-b.co", refused("invalid")),
        ("a@b-.co", refused("invalid")),
        ("a@b.co\u200b", refused("invalid")),
        ("\ufeffa@b.co", refused("invalid")),
        ("ａ@b.co", refused("invalid")),
        (f"{'a' * 250}@b.co", refused("too_long")),
    ],
)
def test_email_is_one_bare_address_in_lower_case(raw, result):
    assert outcome(raw, models.EmailField()) == result


@pytest.mark.parametrize(
    ("raw", "result"),
    [
        ("(212) 555-0100", kept("+12125550100")),
        ("+44 (0)20 7946 0958", kept("+442079460958")),
        ("212.555.0100 x12", kept("+12125550100 ext. 12")),
        ("212-555-0100 Ext: 7", kept("+12125550100 ext. 7")),
        ("212-555-0100;ext=12", kept("+12125550100 ext. 12")),
        ("\u202a+1 212 555 0100\u202c", kept("+12125550100")),
        ("２１２５５５０１００", kept("+12125550100")),
        (2125550100, kept("+12125550100")),
        (" 1 212 555 0100 ", kept("+12125550100")),
        ("212-555-01 x . 23", refused("invalid")),
        ("555-0100", refused("invalid")),
        ("911", refused("invalid")),
        ("555-123 home", refused("invalid")),
        ("call 212-555-0100", refused("invalid")),
        ("212-555-0100 / 212-555-0101", refused("invalid")),
        ("212-555-0100 212-555-0101", refused("invalid")),
        ("-2125550100", refused("invalid")),
        ("n/a", refused("invalid")),
        ("2" * 5000, refused("invalid")),
        (" " * 70 + "2", refused("invalid")),
        (True, refused("invalid")),
        (2125550100.0, refused("invalid")),
        ("212\0", refused("nul")),
        ("\ud800", refused("invalid")),
    ],
)
def test_phone_is_e164_or_refused(raw, result):
    assert outcome(raw, models.CharField(max_length=30), Field("x", type="phone")) == result


def test_phone_without_a_country_is_one_of_the_declared_region():
    assert PhoneValidator(region="DE").validate("030 901820") == "+4930901820"


@pytest.mark.parametrize(
    ("raw", "result"),
    [
        (" https://example.com/a?b=c ", kept("https://example.com/a?b=c")),
        ("HTTP://Example.com", kept("HTTP://Example.com")),
        ("http://localhost:8000/x", kept("http://localhost:8000/x")),
        ("https://bücher.de/ü", kept("https://bücher.de/ü")),
        ("example.com", refused("invalid")),
        ("//example.com", refused("invalid")),
        ("ftp://example.com", refused("invalid")),
        ("javascript:alert(1)", refused("invalid")),
        ("https://", refused("invalid")),
        ("https://exa mple.com", refused("invalid")),
        ("https://example.com/\u202egpj.exe", refused("invalid")),
        ("https://example.com/" + "a" * 200, refused("too_long")),
    ],
)
def test_url_is_absolute_and_kept_as_it_is(raw, result):
    assert outcome(raw, models.URLField()) == result


@pytest.mark.parametrize(
    ("raw", "result"),
    [
        (501, kept("501")),
        (" 0038b00002AbCdE ", kept("0038b00002AbCdE")),
        (2**70, kept("1180591620717411303424")),
        (501.0, refused("invalid")),
        (True, refused("invalid")),
        ({"id": 5}, refused("invalid")),
        ("5 6", refused("invalid")),
        ("5\u00a06", refused("invalid")),
        ("5\0", refused("nul")),
    ],
)
def test_object_id_is_an_integer_or_one_word(raw, result):
    assert outcome(raw, models.CharField(max_length=30), Field("x", type="object_id")) == result


@pytest.mark.parametrize(
    ("raw", "result"),
    [
        ({"a": [1, None, True, "x"]}, kept({"a": [1, None, True, "x"]})),
        ({"at": [Decimal("1.10")], 5: (1, 2)}, kept({"at": ["1.10"], "5": [1, 2]})),
        ({"a": [float("nan")]}, refused("invalid")),
        ({"a": {"b": "c\0"}}, refused("nul")),
        ({"a\0": 1}, refused("nul")),
        (["\udc00"], refused("invalid")),
        ([r"\u0000"], kept([r"\u0000"])),
        ("[1", kept("[1")),
        (time(9, tzinfo=UTC), kept("09:00:00Z")),
    ],
)
def test_json_holds_only_what_a_json_column_can(raw, result):
    assert outcome(raw, models.JSONField()) == result


def test_json_nested_without_end_is_refused():
    nested = []
    for _ in range(5000):
        nested = [nested]

    assert outcome(nested, models.JSONField()) == refused("too_deep")


def test_json_text_is_parsed_where_asked_for():
    parse = JSONValidator(parse=True)

    assert parse.validate('{"a": 1}') == {"a": 1}
    for broken in ("{'a': 1}", "NaN", "", "[" * 100_000):
        with pytest.raises(InvalidValue):
            parse.validate(broken)


ID = UUID("12345678-1234-5678-1234-567812345678")


@pytest.mark.parametrize(
    ("raw", "result"),
    [
        (str(ID), kept(ID)),
        (ID.hex.upper(), kept(ID)),
        (f"{{{ID}}}", kept(ID)),
        (ID.urn, kept(ID)),
        (ID, kept(ID)),
        (ID.hex[:16] + "_" + ID.hex[17:], refused("invalid")),
        (f"{{{ID}", refused("invalid")),
        (ID.int, refused("invalid")),
        (ID.bytes, refused("invalid")),
    ],
)
def test_uuid_is_read_only_in_its_usual_forms(raw, result):
    assert outcome(raw, models.UUIDField()) == result


@pytest.mark.parametrize(
    ("raw", "result"),
    [
        (" 192.0.2.1 ", kept("192.0.2.1")),
        ("2001:DB8:0::1", kept("2001:db8::1")),
        ("192.0.2.01", refused("invalid")),
        ("192.0.2.1:80", refused("invalid")),
        ("192.0.2.0/24", refused("invalid")),
        ("fe80::1%eth0", refused("invalid")),
        (3221225985, refused("invalid")),
    ],
)
def test_ip_address_is_one_address(raw, result):
    assert outcome(raw, models.GenericIPAddressField()) == result


def test_binary_column_is_never_overfull():
    assert outcome(b"12345", models.BinaryField(max_length=4)) == refused("too_long")


@given(st.from_regex(r"\A[a-z0-9.'+_-]{1,12}@[a-z0-9.-]{1,12}\Z") | st.text(max_size=12))
@example("a@b.c-")
@example("a@b.co\n")
def test_every_email_kept_is_one_for_django_too(text):
    assert_django_agrees(EmailValidator(), text)


@given(st.from_regex(r"\Ahttps?://[a-z0-9.:@-]{1,12}(/[a-zA-Z0-9%?&#=.-]{0,8})?\Z") | st.text(max_size=12))
def test_every_url_kept_is_one_for_django_too(text):
    assert_django_agrees(URLValidator(), text)


def assert_django_agrees(validator, text):
    try:
        value = validator.validate(text)
    except InvalidValue:
        return
    validator.check(value)
