"""References between Genius's tables, as relations of Django's that no database enforces."""

from typing import Any

from django.db import models


def refers_to(model: str, back: str = "+", **options: Any) -> "models.ForeignKey[Any, Any]":
    """A relation to the row that may be there; `back` names the way back, which is what is worth an index."""
    return models.ForeignKey(
        model,
        on_delete=models.DO_NOTHING,
        db_constraint=False,
        db_index=back != "+",
        related_name=back,
        **options,
    )


def one_to_one(model: str, back: str) -> "models.OneToOneField[Any, Any]":
    """A relation that is the key itself."""
    return models.OneToOneField(
        model, on_delete=models.DO_NOTHING, db_constraint=False, related_name=back, primary_key=True
    )
