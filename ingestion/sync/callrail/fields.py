"""What CallRail sends only when it is asked for it."""

SHARED = (
    *("source", "medium", "campaign", "keywords", "referring_url", "landing_page_url"),
    *("utm_source", "utm_medium", "utm_term", "utm_content", "utm_campaign", "milestones", "timeline_url"),
    *("tags", "note", "lead_status", "value", "company_id", "person_id"),
)
CALL_FIELDS = (
    *SHARED,
    *("company_name", "company_time_zone", "tracker_id", "created_at", "call_type", "device_type"),
    *("first_call", "prior_calls", "total_calls", "source_name", "last_requested_url", "referrer_domain"),
    *("gclid", "fbclid", "msclkid", "good_lead_call_id", "good_lead_call_time", "speaker_percent"),
    *("keywords_spotted", "call_highlights", "keypad_entries", "sentiment", "transcription", "zip_code"),
)
FORM_FIELDS = (*SHARED, "form_name")
