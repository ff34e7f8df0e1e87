"""What becomes of one raw value in one column, as a value to compare."""

from ingestion.base.fields import Conventions, compile_field
from ingestion.base.validators import ChangedValue, InvalidValue


def kept(value):
    return ("kept", type(value), value)


def changed(code, value):
    return ("changed", code, type(value), value)


def refused(code):
    return ("refused", code)


def outcome(raw, model_field, field="x", conventions=None, **options):
    """What becomes of a raw value; the type counts, since 1 == True == 1.0."""
    model_field.set_attributes_from_name("x")
    compiled = compile_field(model_field, field, conventions or Conventions(), **options)
    try:
        return kept(compiled.take(raw))
    except ChangedValue as error:
        return changed(error.code, error.kept)
    except InvalidValue as error:
        return refused(error.code)
