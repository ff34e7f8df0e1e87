"""What HubSpot says when it refuses, in its own form."""

from collections.abc import Mapping
from typing import Any
from uuid import uuid4

from ingestion.sandbox.exchange import Answer, json_answer

TOO_LONG = Answer(
    414,
    b"<html>\n<head><title>414 Request-URI Too Large</title></head>\n<body></body>\n</html>\n",
    content_type="text/html",
)
SCOPES = "https://developers.hubspot.com/scopes"

USUAL = {
    400: ("There was a problem with the request.", "VALIDATION_ERROR"),
    401: ("Authentication credentials not found.", "INVALID_AUTHENTICATION"),
    403: ("This app hasn't been granted all required scopes to make this call.", "MISSING_SCOPES"),
    404: ("resource not found", "OBJECT_NOT_FOUND"),
    423: ("The resource is locked.", "CONFLICT"),
    477: ("The account is being moved to another data center.", "MIGRATION_IN_PROGRESS"),
    500: ("internal error", "INTERNAL_ERROR"),
    502: ("bad gateway", "INTERNAL_ERROR"),
    503: ("service unavailable", "INTERNAL_ERROR"),
    504: ("gateway timeout", "INTERNAL_ERROR"),
}


class Refused(Exception):
    """Raised where a request turns out to be wrong; carries the answer."""

    def __init__(self, answer: Answer) -> None:
        self.answer = answer
        super().__init__(answer.status)


def error(status: int, message: str, category: str, **more: Any) -> Answer:
    """An error in HubSpot's form."""
    body = {"status": "error", "message": message, "correlationId": str(uuid4()), "category": category}
    return json_answer({**body, **more}, status)


def usual(status: int) -> Answer:
    """The error that goes with a status."""
    if status == 414:
        return TOO_LONG
    if status == 429:
        return rate_limited("TEN_SECONDLY_ROLLING")
    message, category = USUAL.get(status, (f"error {status}", "INTERNAL_ERROR"))
    return error(status, message, category)


def invalid(message: str) -> Refused:
    """400: the request is wrong, and how."""
    return Refused(error(400, message, "VALIDATION_ERROR"))


def not_found(message: str = "resource not found") -> Answer:
    """404: no such thing."""
    return error(404, message, "OBJECT_NOT_FOUND")


def not_faked(what: str) -> Refused:
    """501: the real service can, this fake cannot; better said than answered wrongly."""
    return Refused(error(501, f"the sandbox does not have {what}", "NOT_IN_SANDBOX"))


def unauthorized(*, expired: bool = False) -> Answer:
    """401: no token, a wrong one, or one whose time is over."""
    if expired:
        return error(401, "the token's time is over", "EXPIRED_AUTHENTICATION")
    return error(401, "the token is missing or is not one of this sandbox", "INVALID_AUTHENTICATION")


def missing_scope(scope: str) -> Answer:
    """403: the token may not do this, and what it lacks."""
    return error(
        403,
        "This app hasn't been granted all required scopes to make this call. Read more about required scopes "
        f"here: {SCOPES}.",
        "MISSING_SCOPES",
        errors=[
            {
                "message": "One or more of the following scopes are required.",
                "context": {"requiredGranularScopes": [scope]},
            }
        ],
        links={"scopes": SCOPES},
    )


def rate_limited(policy: str, headers: Mapping[str, str] | None = None) -> Answer:
    """429: too many requests under a policy."""
    body = {
        "status": "error",
        "message": f"You have reached your {policy.lower()} limit.",
        "errorType": "RATE_LIMIT",
        "correlationId": str(uuid4()),
        "policyName": policy,
        "requestId": str(uuid4()),
    }
    return json_answer(body, 429, headers)


def missing_inputs(ids: list[str]) -> dict[str, Any]:
    """What batch read says of ids that it did not find."""
    return {
        "status": "error",
        "category": "OBJECT_NOT_FOUND",
        "message": "Could not get some objects, they may be deleted or not exist. Check that ids are valid.",
        "context": {"ids": ids},
    }
