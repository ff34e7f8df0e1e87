"""CallRail sends conversations; a row is one message."""

from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

EPOCH = datetime.fromisoformat("1970-01-01T00:00:00+00:00")


async def messages_of(conversations: list[Any]) -> list[Any]:
    """The messages of a page of conversations, each with what its conversation says."""
    return [message for each in conversations for message in taken_apart(each)]


def taken_apart(conversation: Any) -> Iterator[Any]:
    """One conversation's messages, oldest first; one without a list goes to the quarantine as it is."""
    messages = conversation.get("recent_messages") if isinstance(conversation, dict) else None
    if not isinstance(messages, list) or not all(isinstance(each, dict) for each in messages):
        yield conversation
        return
    shared = {name: value for name, value in conversation.items() if name != "recent_messages"}
    twins: Counter[str] = Counter()
    for message in reversed(messages):
        name = name_of(conversation.get("id"), message)
        twins[name] += 1
        key = name if twins[name] == 1 else f"{name}-{twins[name]}"
        yield {**shared, **message, "id": key, "conversation_id": conversation.get("id")}


def name_of(conversation: Any, message: dict[str, Any]) -> str:
    """`KZaGR-1469733501578-o`: conversation, milliseconds, direction. An unreadable time stays a text."""
    written = str(message.get("created_at"))
    try:
        written = str((datetime.fromisoformat(written) - EPOCH) // timedelta(milliseconds=1))
    except (ValueError, TypeError):
        written = written[:20]
    return f"{conversation}-{written}-{str(message.get('direction'))[:1]}"
