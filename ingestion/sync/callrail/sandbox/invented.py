"""Invented accounts, companies, calls and the rest: the same seed gives the same records."""

from datetime import datetime, timedelta
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

ZONE = "America/New_York"
OPTIONAL: dict[str, Any] = {
    **{"source": "Google Ads", "source_name": "Google Ads", "medium": "cpc", "campaign": None},
    **{"keywords": "roof repair", "referring_url": None, "landing_page_url": "https://roofs.example/"},
    **{"utm_source": "google", "utm_medium": None, "utm_term": None, "utm_content": None},
    **{"utm_campaign": None, "milestones": {"lead_created": {"source": "Google Ads"}}},
    **{"timeline_url": None, "tags": [], "note": None, "lead_status": None, "value": None},
    **{"person_id": None, "created_at": None, "call_type": "first_call", "device_type": "mobile"},
    **{"first_call": True, "prior_calls": 0, "total_calls": 1, "last_requested_url": None},
    **{"referrer_domain": "google.com", "gclid": "Cj0", "fbclid": None, "msclkid": None},
    **{"good_lead_call_id": None, "good_lead_call_time": None, "keywords_spotted": []},
    **{"speaker_percent": {"agent": 61, "customer": 39}, "call_highlights": [], "keypad_entries": []},
    **{"sentiment": None, "transcription": None, "zip_code": "62701", "form_name": None},
}
"""What calls and forms show only where `fields` asks for it."""


def local(moment: datetime) -> str:
    """`2025-03-04T10:11:12.345-05:00`: milliseconds, and the company's offset."""
    return moment.astimezone(ZoneInfo(ZONE)).isoformat(timespec="milliseconds")


def utc(moment: datetime) -> str:
    """`2025-03-04T15:11:12.345Z`."""
    return moment.replace(tzinfo=None).isoformat(timespec="milliseconds") + "Z"


class Inventor:
    """Makes records by kind; `number` counts all of them."""

    def __init__(self, seed: int) -> None:
        self.random = Random(seed)  # noqa: S311 invented data, no secret
        self.number = 0

    def id(self, prefix: str) -> str:
        """`CAL` and 32 hex digits."""
        self.number += 1
        return f"{prefix}{self.random.getrandbits(96):024x}{self.number:08x}"

    def phone(self) -> str:
        """A number that nobody has."""
        return f"+1555{self.random.randrange(10**7):07d}"

    def account(self, moment: datetime) -> dict[str, Any]:
        """An account, with its time in a form of its own."""
        key = self.id("ACC")
        created = (moment - timedelta(days=900)).astimezone(ZoneInfo(ZONE))
        return {
            **{"id": key, "name": f"Agency {self.number}", "numeric_id": 227_000_000 + self.number},
            **{"inbound_recording_enabled": True, "outbound_recording_enabled": True},
            **{"hipaa_account": False, "created_at": created.strftime("%Y-%m-%d %H:%M:%S %z")},
        }

    def companies(self, moment: datetime) -> dict[str, Any]:
        """A company."""
        return {
            **{"id": self.id("COM"), "name": f"Roofs & Sons {self.number}", "status": "active"},
            **{"time_zone": ZONE, "created_at": utc(moment), "disabled_at": None, "dni_active": None},
            **{"script_url": f"//cdn.callrail.example/companies/{self.number}/swap.js"},
            **{"callscribe_enabled": False, "lead_scoring_enabled": True, "swap_exclude_jquery": None},
            **{"swap_ppc_override": None, "swap_landing_override": None, "swap_cookie_duration": 365},
            **{"swap_cookie_duration_unit": "days", "callscore_enabled": False},
            **{"keyword_spotting_enabled": False, "form_capture": True},
        }

    def calls(self, moment: datetime) -> dict[str, Any]:
        """A call; its recording's length is a text in some answers and a number in others."""
        key, seconds = self.id("CAL"), self.random.randrange(5, 900)
        recorded = seconds > 60
        length = (str(seconds) if self.number % 2 else seconds) if recorded else None
        return {
            **{"id": key, "answered": recorded, "direction": "inbound", "duration": seconds},
            **{"business_phone_number": self.phone() if recorded else None, "voicemail": False},
            **{"customer_city": "Springfield", "customer_state": "IL", "customer_country": "US"},
            **{"customer_name": f"CALLER {self.number}", "customer_phone_number": self.phone()},
            **{"recording": f"https://calls.example/{key}/recording.json" if recorded else None},
            **{"recording_duration": length, "agent_email": None, "start_time": local(moment)},
            **{"recording_player": f"https://app.example/{key}?access_key=EXAMPLE" if recorded else None},
            **{"tracking_phone_number": self.phone()},
            **OPTIONAL,
            **{"person_id": self.id("PER"), "created_at": local(moment), "company_time_zone": ZONE},
            **{"company_name": "Roofs & Sons", "tracker_id": self.id("TRK")},
        }

    def trackers(self, moment: datetime) -> dict[str, Any]:
        """A tracker."""
        return {
            **{"id": self.id("TRK"), "name": f"Search {self.number}", "type": "source", "status": "active"},
            **{"destination_number": self.phone(), "tracking_numbers": [self.phone()]},
            **{"whisper_message": None, "sms_supported": True, "sms_enabled": True},
            **{"source": {"type": "google_my_business"}, "created_at": local(moment), "disabled_at": None},
            **{"call_flow": {"type": "basic", "recording_enabled": True, "greeting_text": None}},
        }

    def form_submissions(self, moment: datetime) -> dict[str, Any]:
        """A form."""
        return {
            **{"id": self.id("FRM"), "person_id": self.id("PER"), "first_form": True},
            **{"form_data": {"name": "Ada", "email": "ada@example.com", "best_time": "evening"}},
            **{
                "form_url": "https://roofs.example/contact",
                "referrer": "google",
                "submitted_at": local(moment),
            },
            **{"customer_name": "Ada", "customer_phone_number": self.phone()},
            **OPTIONAL,
        }

    def conversations(self, moment: datetime) -> dict[str, Any]:
        """A conversation of two messages, the newest first."""
        self.number += 1
        first = moment - timedelta(minutes=2)
        return {
            **{"id": f"KZ{self.number:04x}", "customer_name": "Ada", "customer_phone_number": self.phone()},
            **{"initial_tracker_id": self.id("TRK"), "current_tracker_id": self.id("TRK")},
            **{"initial_tracking_number": self.phone(), "current_tracking_number": self.phone()},
            **{"last_message_at": utc(moment), "state": "active", "company_time_zone": ZONE},
            **{"formatted_customer_phone_number": "555-000-0000", "formatted_customer_name": "Ada"},
            "recent_messages": [
                {"direction": "outgoing", "content": "At six.", "created_at": utc(moment), "type": "sms"},
                {"direction": "incoming", "content": "When?", "created_at": utc(first), "type": "sms"},
            ],
        }

    def tags(self, moment: datetime) -> dict[str, Any]:
        """A tag: its id is a number."""
        self.number += 1
        return {
            **{"id": 990_000 + self.number, "name": f"Sales {self.number}", "tag_level": "company"},
            **{"color": "gray1", "background_color": "green2", "status": "enabled"},
            **{"created_at": local(moment)},
        }

    def users(self, moment: datetime) -> dict[str, Any]:
        """A person."""
        return {
            **{"id": self.id("USR"), "email": f"user{self.number}@example.com", "first_name": "Ben"},
            **{"last_name": "Berg", "name": "Ben Berg", "role": "reporting", "accepted": True},
            **{"created_at": local(moment), "companies": []},
        }
