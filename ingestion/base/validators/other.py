"""JSON, and values of types that only few columns have."""

import json
import re
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.core.validators import validate_ipv4_address
from django.utils.ipv6 import clean_ipv6_address

from ingestion.base.records import RecordEncoder
from ingestion.base.validators.base import BaseValidator, InvalidValue, storable
from ingestion.base.validators.numbers import finite

DEEPEST = 100
_ENCODER = RecordEncoder()
_UUID = re.compile(
    r"(?:urn:uuid:)?(\{)?[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}(?(1)\})|[0-9a-f]{32}",
    re.IGNORECASE,
)


def jsonable(value: Any, depth: int = 0) -> Any:
    """The value with everything in it that JSON does not know made text, as in stored raw records.

    Raises InvalidValue for what a JSON column cannot hold: NUL, NaN, 100 levels.
    """
    if isinstance(value, str):
        return storable(value)
    if value is None or isinstance(value, int):
        return value
    if isinstance(value, (float, Decimal)):
        finite(value)
        return value if isinstance(value, float) else str(value)
    if depth == DEEPEST:
        raise InvalidValue("too_deep", f"There are more than {DEEPEST} levels of lists and objects.")
    if isinstance(value, dict):
        return {key_text(key): jsonable(item, depth + 1) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [jsonable(item, depth + 1) for item in value]
    return jsonable(encoded(value), depth + 1)


def key_text(key: Any) -> str:
    """An object's key, which is always text in JSON."""
    text = key if isinstance(key, str) else json.dumps(key, cls=RecordEncoder).strip('"')
    return storable(text)


def encoded(value: Any) -> Any:
    """What JSON does not know, as JSON."""
    try:
        return _ENCODER.default(value)
    except ValueError:
        raise InvalidValue("invalid", "This value has no form in JSON.") from None


class JSONValidator(BaseValidator):
    """Anything that JSON can say; text is a JSON string, unless `parse` says that it is JSON itself."""

    def __init__(self, *, parse: bool = False) -> None:
        self.parse = parse

    def clean_value(self, value: Any) -> Any:
        """Lists, dicts, texts, numbers, booleans; `invalid`, `nul`, `too_deep`."""
        if self.parse and isinstance(value, (str, bytes)):
            try:
                value = json.loads(value)
            except (ValueError, RecursionError):
                raise InvalidValue("invalid", "The text is not JSON.") from None
        return jsonable(value)


class UUIDValidator(BaseValidator):
    """A UUID, from its usual text: with hyphens, or 32 hex digits."""

    def clean_value(self, value: Any) -> UUID:
        """The UUID; `invalid`."""
        if isinstance(value, UUID):
            return value
        if isinstance(value, str) and _UUID.fullmatch(value.strip()):
            return UUID(value.strip().lower())
        raise InvalidValue("invalid", "A UUID was expected.")


class BinaryValidator(BaseValidator):
    """Bytes. Text is refused: whether it is UTF-8, hex or base64 is for a transform to say."""

    def __init__(self, *, max_length: int | None = None) -> None:
        self.max_length = max_length

    def clean_value(self, value: Any) -> bytes:
        """The bytes; `invalid`, `too_long`."""
        if not isinstance(value, (bytes, bytearray, memoryview)):
            raise InvalidValue("invalid", "Bytes were expected.")
        result = bytes(value)
        if self.max_length is not None and len(result) > self.max_length:
            raise InvalidValue("too_long", f"There are more than {self.max_length} bytes.")
        return result


class IPAddressValidator(BaseValidator):
    """An IPv4 or IPv6 address, in the form in which Django stores it."""

    def __init__(self, *, unpack_ipv4: bool = False) -> None:
        self.unpack_ipv4 = unpack_ipv4

    def clean_value(self, value: Any) -> str:
        """The address; `invalid`."""
        text = value.strip() if isinstance(value, str) else ""
        if "%" in text:  # Django would drop the network interface of fe80::1%eth0
            raise InvalidValue("invalid", "An IP address was expected, without a network interface.")
        try:
            if ":" in text:
                return clean_ipv6_address(text, self.unpack_ipv4)
            validate_ipv4_address(text)
        except ValidationError:
            raise InvalidValue("invalid", "An IP address was expected.") from None
        return text
