"""The mapping of one field, compiled once per run: where its value is found, and what makes a row's of it."""

from ingestion.base.fields.columns import COLUMNS, converter
from ingestion.base.fields.compiled import CompiledField, compile_field, null_test
from ingestion.base.fields.declared import MISSING, Conventions, Convert, Field, Path, lookup, split_path
from ingestion.base.fields.ordinary import Known

__all__ = [
    "COLUMNS",
    "MISSING",
    "CompiledField",
    "Conventions",
    "Convert",
    "Field",
    "Known",
    "Path",
    "compile_field",
    "converter",
    "lookup",
    "null_test",
    "split_path",
]
