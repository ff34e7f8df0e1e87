"""One field of a mapping: where its value is found, what stands in for nothing, what its column takes."""

from datetime import UTC, datetime
from decimal import Decimal
from types import MappingProxyType

import pytest
from django.core.exceptions import ValidationError
from django.core.validators import MinLengthValidator, RegexValidator
from django.db import models

from ingestion.base.exceptions import ConfigurationError
from ingestion.base.fields import MISSING, Conventions, Field, compile_field, converter, lookup, split_path
from ingestion.base.validators import ChangedValue, InvalidValue
from tests.base.outcomes import changed, kept, outcome, refused


def compiled(model_field, field="x", conventions=None, **options):
    model_field.set_attributes_from_name("x")
    return compile_field(model_field, field, conventions or Conventions(), **options)


@pytest.mark.parametrize(
    ("path", "steps"),
    [
        ("id", ("id",)),
        ("customer.id", ("customer", "id")),
        (r"customer\.id", ("customer.id",)),
        (r"a.b\.c.d", ("a", "b.c", "d")),
        ("First Name", ("First Name",)),
        (r"C:\x", (r"C:\x",)),
    ],
)
def test_path_is_split_at_its_dots(path, steps):
    assert split_path(path) == steps


@pytest.mark.parametrize("path", ["", ".", "a.", ".a", "a..b"])
def test_path_with_an_empty_step_is_a_wrong_declaration(path):
    with pytest.raises(ConfigurationError, match="empty"):
        split_path(path)


RECORD = {
    "id": 5,
    "nothing": None,
    "customer": {"id": 7, "name": None, "mails": [{"value": "a@b.co"}, {}]},
    "a.b": 1,
    "0": "zero",
    "frozen": MappingProxyType({"id": 9}),
}


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("id", 5),
        ("customer.id", 7),
        ("customer.name", None),
        ("customer.mails.0.value", "a@b.co"),
        (r"a\.b", 1),
        ("0", "zero"),
        ("frozen.id", 9),
        ("nothing", None),
        ("nothing.id", None),
        ("absent", MISSING),
        ("customer.absent", MISSING),
        ("customer.mails.1.value", MISSING),
        ("customer.mails.2", MISSING),
        ("customer.mails.-1", MISSING),
        ("customer.mails.value", MISSING),
        ("customer.mails.²", MISSING),
        ("id.x", MISSING),
        ("0.0", MISSING),
    ],
)
def test_value_is_found_null_or_missing(path, value):
    assert lookup(RECORD, split_path(path)) is value or lookup(RECORD, split_path(path)) == value


def test_first_alternative_that_is_present_wins_even_when_it_is_null():
    field = compiled(models.TextField(null=True), Field(("absent", "nothing", "id")))

    assert field.find(RECORD) is None
    assert field.source == "absent|nothing|id"
    assert compiled(models.TextField(), Field(("absent", "gone"))).find(RECORD) is MISSING


def test_foreign_key_takes_what_its_target_takes():
    class Parent(models.Model):
        code = models.CharField(max_length=3, primary_key=True)

        class Meta:
            app_label = "tests_fields"

    class Child(models.Model):
        parent = models.ForeignKey(Parent, models.CASCADE)
        same = models.OneToOneField("self", models.CASCADE, null=True)

        class Meta:
            app_label = "tests_fields"

    parent = compile_field(Child._meta.get_field("parent"), "parent.code", Conventions())
    same = compile_field(Child._meta.get_field("same"), "same", Conventions())

    assert (parent.name, parent.take(12), parent.required) == ("parent_id", "12", True)
    assert (same.name, same.take("12"), same.take("")) == ("same_id", 12, None)
    with pytest.raises(InvalidValue, match="longer than 3"):
        parent.take("1234")


@pytest.mark.parametrize(
    ("model_field", "field", "raw", "result"),
    [
        (models.IntegerField(), Field("x", default=0), None, kept(0)),
        (models.IntegerField(), Field("x", default=0), MISSING, kept(0)),
        (models.IntegerField(), Field("x", default=0), "", kept(0)),
        (models.IntegerField(), Field("x", default=0), 5, kept(5)),
        (models.JSONField(), Field("x", default=dict), None, kept({})),
        (models.IntegerField(null=True), Field("x", default=3), None, kept(3)),
        (models.IntegerField(null=True), Field("x"), None, kept(None)),
        (models.IntegerField(null=True, default=4), Field("x"), None, kept(None)),
        (models.IntegerField(default=4), Field("x"), None, kept(4)),
        (models.JSONField(default=list), Field("x"), None, kept([])),
        (models.IntegerField(db_default=4), Field("x"), None, kept(4)),
        (models.IntegerField(default=4), Field("x", default=None), None, kept(None)),
        (models.IntegerField(), Field("x"), None, refused("required")),
        (models.IntegerField(), Field("x"), MISSING, refused("required")),
        (models.IntegerField(null=True), Field("x", required=True), None, refused("required")),
    ],
)
def test_null_and_absent_become_the_default_or_null_or_are_refused(model_field, field, raw, result):
    assert outcome(raw, model_field, field) == result


@pytest.mark.parametrize(
    ("model_field", "null_values", "raw", "result"),
    [
        (models.TextField(null=True), ("",), "", kept(None)),
        (models.TextField(null=True), ("",), " \u00a0", kept(None)),
        (models.TextField(null=True), (), "", kept("")),
        (models.TextField(null=True), ("", "N/A"), " N/A ", kept(None)),
        (models.TextField(null=True), ("", "N/A"), "n/a", kept("n/a")),
        (models.TextField(null=True), ("",), "null", kept("null")),
        (models.TextField(), ("",), "", refused("required")),
        (models.TextField(), (), "", kept("")),
        (models.TextField(blank=True), ("",), " ", kept("")),
        (models.TextField(blank=True), ("",), None, kept("")),
        (models.TextField(blank=True, default="new"), ("",), "", kept("")),
        (models.TextField(blank=True, default="new"), ("",), None, kept("new")),
        (models.TextField(blank=True, default="new"), ("", "-"), "-", kept("new")),
        (models.TextField(default=""), ("",), "", kept("")),
        (models.TextField(default="new"), ("",), "", kept("new")),
        (models.EmailField(blank=True), ("",), "", kept("")),
        (models.IntegerField(null=True), (), "", kept(None)),
        (models.IntegerField(null=True), (), " ", kept(None)),
        (models.JSONField(null=True), (), "", kept(None)),
        (models.BinaryField(null=True), (), "", kept(None)),
        (models.DateField(null=True), ("0000-00-00",), "0000-00-00", kept(None)),
        (models.IntegerField(null=True), ("",), 0, kept(0)),
        (models.BooleanField(null=True), ("",), False, kept(False)),
    ],
)
def test_text_that_means_null_is_null(model_field, null_values, raw, result):
    assert outcome(raw, model_field, conventions=Conventions(null_values=null_values)) == result


def test_field_has_null_values_of_its_own():
    field = Field("x", null_values=("unknown",))

    assert outcome("unknown", models.TextField(null=True), field) == kept(None)
    assert outcome("", models.TextField(null=True), field) == kept("")


def test_blank_text_is_not_kept_where_the_mapping_says_otherwise():
    assert outcome("", models.TextField(blank=True), Field("x", default="new")) == kept("new")
    assert outcome("", models.TextField(blank=True), Field("x", required=True, default="a")) == kept("a")


def test_what_the_processor_needs_is_said():
    field = compiled(models.IntegerField(null=True), Field("a.b", default=1))

    assert (field.name, field.source, field.paths) == ("x", "a.b", (("a", "b"),))
    assert (field.nullable, field.required, field.has_default, field.default) == (True, False, True, 1)
    assert compiled(models.IntegerField()).required
    assert not compiled(models.IntegerField()).has_default
    assert not compiled(models.IntegerField(default=1)).required
    assert compiled(models.IntegerField(default=1)).empty() == 1


@pytest.mark.parametrize(
    ("field", "words"),
    [
        (Field("x", required=False), "takes no null"),
        (Field("x", type="strnig"), "unknown type 'strnig'"),
        (Field("a..b"), "empty"),
    ],
)
def test_declaration_that_can_never_work_is_refused_before_the_run(field, words):
    with pytest.raises(ConfigurationError, match=words):
        compiled(models.IntegerField(), field)


def never_called(value):
    raise AssertionError


@pytest.mark.parametrize(
    ("transforms", "raw", "result"),
    [
        ((str.lower,), "OPEN", kept("open")),
        ((str.strip, str.title), " ada ", kept("Ada")),
        (({"1": "one"}.get,), "1", kept("one")),
        (({"1": "one"}.get,), "2", kept("unassigned")),
        (({"1": "one"}.get, never_called), "2", kept("unassigned")),
        ((str.strip,), " ", kept("unassigned")),
        ((str.lower,), None, kept("unassigned")),
        ((str.lower,), 5, refused("invalid")),
        ((int,), "five", refused("invalid")),
    ],
)
def test_transforms_come_after_the_null_test_and_before_conversion(transforms, raw, result):
    assert outcome(raw, models.TextField(), Field("x", *transforms, default="unassigned")) == result


def test_bad_value_is_told_with_the_name_of_the_transform():
    with pytest.raises(InvalidValue, match=r"str\.lower could not take this value"):
        compiled(models.TextField(), Field("x", str.lower)).take(5)


def test_error_of_a_transform_keeps_its_own_code():
    def only_positive(value):
        raise InvalidValue("negative", "It must be positive.")

    assert outcome(-1, models.IntegerField(), Field("x", only_positive)) == refused("negative")


def test_bug_in_a_transform_stays_loud():
    field = compiled(models.TextField(), Field("x", lambda value: value["a"]["b"]))

    with pytest.raises(KeyError):
        field.take({"a": {}})


@pytest.mark.parametrize(
    ("field", "convention", "result"),
    [
        (Field("x"), "reject", refused("too_long")),
        (Field("x"), "cut", changed("too_long", "abc")),
        (Field("x", too_long="cut"), "reject", changed("too_long", "abc")),
        (Field("x", too_long="reject"), "cut", refused("too_long")),
    ],
)
def test_too_long_text_is_refused_or_cut_as_declared(field, convention, result):
    conventions = Conventions(too_long=convention)

    assert outcome("abcd", models.CharField(max_length=3), field, conventions) == result
    assert outcome("😀😀😀", models.CharField(max_length=3), field, conventions) == kept("😀😀😀")


@pytest.mark.parametrize(
    ("model_field", "field", "raw"),
    [
        (models.EmailField(max_length=8), Field("x"), "ada@example.com"),
        (models.URLField(max_length=8), Field("x"), "https://example.com"),
        (models.CharField(max_length=8), Field("x", type="phone"), "212-555-0100"),
        (models.CharField(max_length=8), Field("x", type="email"), "ada@example.com"),
        (models.CharField(max_length=8), Field("x", type="object_id"), "0038b00002AbCdE"),
        (models.CharField(max_length=8), Field("x", type="date"), "2025-01-01"),
        (models.CharField(max_length=8), Field("x"), 123456789),
    ],
)
def test_only_plain_text_is_ever_cut(model_field, field, raw):
    assert outcome(raw, model_field, field, Conventions(too_long="cut")) == refused("too_long")


@pytest.mark.parametrize(
    ("model_field", "name", "raw", "result"),
    [
        (models.TextField(), "email", " A@B.co", kept("a@b.co")),
        (models.TextField(), "number", "1,234.50", kept("1234.50")),
        (models.CharField(max_length=10), "date", 1735689600000, kept("2025-01-01")),
        (models.TextField(), "boolean", "Y", kept("true")),
        (
            models.DecimalField(max_digits=5, decimal_places=1),
            "number",
            "1.25",
            changed("rounded", Decimal("1.2")),
        ),
        (models.IntegerField(), "number", "1.5", refused("invalid")),
        (models.TextField(), "date", "2025-01-01T10:00:00", changed("time_dropped", "2025-01-01")),
        (models.CharField(max_length=4), "date", "2025-01-01T10:00:00", refused("too_long")),
        (models.DateTimeField(), "date", "2025-01-01", kept(datetime(2025, 1, 1, tzinfo=UTC))),
    ],
)
def test_type_says_how_to_read_and_the_column_what_it_holds(model_field, name, raw, result):
    assert outcome(raw, model_field, Field("x", type=name)) == result


def test_phone_takes_the_region_of_the_source():
    conventions = Conventions(phone_region="DE")

    assert outcome("030 901820", models.TextField(), Field("x", type="phone"), conventions) == kept(
        "+4930901820"
    )


class ColourField(models.Field):
    """A class of field that is not derived from any that we know."""

    def to_python(self, value):
        if value == "bug":
            raise KeyError(value)
        if value == "mauve":
            raise ValidationError("“%(value)s” is no colour.", code="colour", params={"value": value})
        return f"#{int(value, 16):06x}"


class UpperField(models.CharField):
    """A class of field that is derived from one that we know."""


@pytest.mark.parametrize(
    ("raw", "result"),
    [
        ("FF", kept("#0000ff")),
        ("mauve", refused("colour")),
        ("zz", refused("invalid")),
        (5, refused("invalid")),
        ("fffffff", refused("too_long")),
    ],
)
def test_unknown_class_of_field_converts_by_itself(raw, result):
    assert outcome(raw, ColourField(max_length=7)) == result


def test_unknown_class_of_field_keeps_its_bugs_loud_and_values_out_of_messages():
    field = compiled(ColourField())

    with pytest.raises(KeyError):
        field.take("bug")
    with pytest.raises(InvalidValue) as caught:
        field.take("mauve")
    assert caught.value.message == "“…” is no colour."


def test_derived_class_of_field_is_what_its_ancestor_is():
    assert outcome(5, UpperField(max_length=3)) == kept("5")
    assert outcome("12345", UpperField(max_length=3)) == refused("too_long")


def even(value):
    if value % 2:
        raise ValidationError("%(value)s is odd", code="odd", params={"value": value})


@pytest.mark.parametrize(
    ("model_field", "raw", "checked", "unchecked"),
    [
        (models.IntegerField(validators=[even]), "3", refused("odd"), kept(3)),
        (models.IntegerField(validators=[even]), "4", kept(4), kept(4)),
        (models.TextField(validators=[MinLengthValidator(3)]), "ab", refused("min_length"), kept("ab")),
        (models.TextField(validators=[RegexValidator("^a")]), "b", refused("invalid"), kept("b")),
        (models.SlugField(), "a b", refused("invalid"), kept("a b")),
        (models.GenericIPAddressField(protocol="ipv4"), "::1", refused("invalid"), kept("::1")),
        (models.EmailField(), "nope", refused("invalid"), kept("nope")),
        (models.URLField(), "nope", refused("invalid"), kept("nope")),
        (models.URLField(max_length=3), "nope", refused("too_long"), refused("too_long")),
        (models.EmailField(), "a\0", refused("nul"), refused("nul")),
        (models.IntegerField(), "nope", refused("invalid"), refused("invalid")),
        (models.IntegerField(), 2**31, refused("out_of_range"), refused("out_of_range")),
        (models.DateField(), "nope", refused("invalid"), refused("invalid")),
    ],
)
def test_without_validation_types_and_columns_are_checked_all_the_same(model_field, raw, checked, unchecked):
    assert outcome(raw, model_field) == checked
    assert outcome(raw, model_field, validate=False) == unchecked


def test_without_validation_a_phone_is_a_plain_text():
    assert outcome("call me", models.TextField(), Field("x", type="phone"), validate=False) == kept("call me")


def test_changed_value_still_passes_the_declared_validators():
    price = models.DecimalField(max_digits=5, decimal_places=0, validators=[even])

    assert outcome("3.6", price) == changed("rounded", Decimal(4))
    assert outcome("3.4", price) == refused("odd")


def test_converter_alone_takes_a_value_that_is_not_null():
    convert = converter(models.DecimalField(max_digits=5, decimal_places=1), Field("x"), Conventions())

    assert convert("1.5") == Decimal("1.5")
    with pytest.raises(ChangedValue) as caught:
        convert("1.55")
    assert (caught.value.code, caught.value.kept) == ("rounded", Decimal("1.6"))
