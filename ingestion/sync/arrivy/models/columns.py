"""The kinds of columns that Arrivy's tables are made of; nearly all may be null, as no member is promised."""

from typing import Any

from django.db import models


def text(size: int) -> "models.CharField[Any, Any]":
    """A text of at most so many characters."""
    return models.CharField(max_length=size, null=True, blank=True)


def long_text() -> "models.TextField[Any, Any]":
    """A text without a limit."""
    return models.TextField(null=True, blank=True)


def moment() -> "models.DateTimeField[Any, Any]":
    """A time, UTC."""
    return models.DateTimeField(null=True, blank=True)


def number() -> "models.BigIntegerField[Any, Any]":
    """A whole number."""
    return models.BigIntegerField(null=True, blank=True)


def json() -> "models.JSONField[Any, Any]":
    """A list or an object, as it came."""
    return models.JSONField(null=True, blank=True)


def flag(default: bool) -> "models.BooleanField[Any, Any]":
    """Yes or no."""
    return models.BooleanField(default=default)
