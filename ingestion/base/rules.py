"""Business rules: what must be true of a whole row, besides each of its values."""

from collections.abc import Mapping
from typing import Any

from django.core.exceptions import ValidationError

from ingestion.base.exceptions import FieldError
from ingestion.base.mapping import shorten


class BusinessRuleValidator:
    """Rules about a whole row; a subclass has one `validate_…` method for each.

    A rule gets the row and raises Django's ValidationError, with a dict where it can name the field.
    """

    def validate(self, row: Mapping[str, Any]) -> list[FieldError]:
        """Everything the rules find wrong with a row."""
        errors: list[FieldError] = []
        for name in dir(self):
            if name.startswith("validate_"):
                try:
                    getattr(self, name)(row)
                except ValidationError as error:
                    errors += field_errors(error, row)
        return errors


def field_errors(error: ValidationError, row: Mapping[str, Any]) -> list[FieldError]:
    """Django's ValidationError, field by field."""
    if hasattr(error, "error_dict"):
        return [
            FieldError(name, name, each.code or "invalid", " ".join(each.messages), shorten(row.get(name)))
            for name, errors in error.error_dict.items()
            for each in errors
        ]
    return [FieldError("", "", each.code or "invalid", " ".join(each.messages)) for each in error.error_list]
