"""CallRail's entities as tables.

Columns are named as CallRail names the fields, but `created_at`, which is `api_created_at`. Times are UTC;
`company_time_zone` says in which zone a call happened. `account_id` is the account that a row was read from.
"""

from django.db import models

from ingestion.models import SourceModel


class CallRailModel(SourceModel):
    """What all of them have."""

    id = models.CharField(max_length=50, primary_key=True)
    account_id = models.CharField(max_length=50, db_index=True)

    class Meta(SourceModel.Meta):
        abstract = True


class CallRailAccount(SourceModel):
    """An account that the key sees."""

    id = models.CharField(max_length=50, primary_key=True)
    name = models.CharField(max_length=255)
    numeric_id = models.BigIntegerField(null=True, blank=True)
    inbound_recording_enabled = models.BooleanField(null=True, blank=True)
    outbound_recording_enabled = models.BooleanField(default=False)
    hipaa_account = models.BooleanField(default=False)
    api_created_at = models.DateTimeField(null=True, blank=True)

    class Meta(SourceModel.Meta):
        db_table = "ingestion_callrail_account"
        verbose_name = "CallRail account"


class CallRailCompany(CallRailModel):
    """A company; a deleted one stays in the list as `disabled`."""

    name = models.CharField(max_length=255)
    status = models.CharField(max_length=50, db_index=True)
    time_zone = models.CharField(max_length=100, db_index=True)
    dni_active = models.BooleanField(null=True, blank=True)
    script_url = models.TextField(null=True, blank=True)
    callscribe_enabled = models.BooleanField(default=False)
    lead_scoring_enabled = models.BooleanField(default=False)
    swap_exclude_jquery = models.BooleanField(null=True, blank=True)
    swap_ppc_override = models.BooleanField(null=True, blank=True)
    swap_landing_override = models.CharField(max_length=255, null=True, blank=True)
    swap_cookie_duration = models.IntegerField(default=6)
    swap_cookie_duration_unit = models.CharField(max_length=20, default="months")
    callscore_enabled = models.BooleanField(default=False)
    keyword_spotting_enabled = models.BooleanField(default=False)
    form_capture = models.BooleanField(default=False)
    disabled_at = models.DateTimeField(null=True, blank=True)
    api_created_at = models.DateTimeField(null=True, blank=True)

    class Meta(SourceModel.Meta):
        db_table = "ingestion_callrail_company"
        verbose_name = "CallRail company"
        verbose_name_plural = "CallRail companies"


class Attribution(models.Model):
    """Where a call or a form came from."""

    source = models.CharField(max_length=255, null=True, blank=True)
    medium = models.CharField(max_length=255, null=True, blank=True)
    campaign = models.CharField(max_length=255, null=True, blank=True)
    keywords = models.TextField(null=True, blank=True)
    referring_url = models.TextField(null=True, blank=True)
    landing_page_url = models.TextField(null=True, blank=True)
    utm_source = models.TextField(null=True, blank=True)
    utm_medium = models.TextField(null=True, blank=True)
    utm_term = models.TextField(null=True, blank=True)
    utm_content = models.TextField(null=True, blank=True)
    utm_campaign = models.TextField(null=True, blank=True)
    milestones = models.JSONField(null=True, blank=True)
    timeline_url = models.TextField(null=True, blank=True)

    # What people add afterwards
    tags = models.JSONField(null=True, blank=True)
    note = models.TextField(null=True, blank=True)
    lead_status = models.CharField(max_length=100, null=True, blank=True, db_index=True)
    value = models.DecimalField(max_digits=12, decimal_places=2, null=True, blank=True)

    class Meta:
        abstract = True


class CallRailCall(CallRailModel, Attribution):
    """A call. `start_time` never changes; tags, notes, values and recordings do."""

    start_time = models.DateTimeField(db_index=True)
    answered = models.BooleanField(default=False, db_index=True)
    voicemail = models.BooleanField(default=False)
    direction = models.CharField(max_length=20, db_index=True)
    duration = models.IntegerField(default=0)
    business_phone_number = models.CharField(max_length=20, null=True, blank=True)
    customer_phone_number = models.CharField(max_length=20, null=True, blank=True, db_index=True)
    tracking_phone_number = models.CharField(max_length=20, null=True, blank=True, db_index=True)
    customer_name = models.CharField(max_length=255, null=True, blank=True)
    customer_city = models.CharField(max_length=100, null=True, blank=True)
    customer_state = models.CharField(max_length=50, null=True, blank=True)
    customer_country = models.CharField(max_length=255, null=True, blank=True)
    zip_code = models.CharField(max_length=20, null=True, blank=True)
    agent_email = models.CharField(max_length=254, null=True, blank=True)
    recording = models.TextField(null=True, blank=True)
    recording_duration = models.CharField(max_length=20, null=True, blank=True)
    recording_player = models.TextField(null=True, blank=True)

    # What only `fields` brings
    company_id = models.CharField(max_length=50, null=True, blank=True, db_index=True)
    company_name = models.CharField(max_length=255, null=True, blank=True)
    company_time_zone = models.CharField(max_length=100, null=True, blank=True)
    tracker_id = models.CharField(max_length=50, null=True, blank=True, db_index=True)
    person_id = models.CharField(max_length=50, null=True, blank=True, db_index=True)
    api_created_at = models.DateTimeField(null=True, blank=True)
    call_type = models.CharField(max_length=50, null=True, blank=True)
    device_type = models.CharField(max_length=50, null=True, blank=True)
    first_call = models.BooleanField(null=True, blank=True)
    prior_calls = models.IntegerField(null=True, blank=True)
    total_calls = models.IntegerField(null=True, blank=True)
    source_name = models.CharField(max_length=255, null=True, blank=True)
    last_requested_url = models.TextField(null=True, blank=True)
    referrer_domain = models.CharField(max_length=255, null=True, blank=True)
    gclid = models.TextField(null=True, blank=True)
    fbclid = models.TextField(null=True, blank=True)
    msclkid = models.TextField(null=True, blank=True)
    good_lead_call_id = models.CharField(max_length=50, null=True, blank=True)
    good_lead_call_time = models.DateTimeField(null=True, blank=True)
    speaker_percent = models.JSONField(null=True, blank=True)
    keywords_spotted = models.JSONField(null=True, blank=True)
    call_highlights = models.JSONField(null=True, blank=True)
    keypad_entries = models.JSONField(null=True, blank=True)
    sentiment = models.CharField(max_length=50, null=True, blank=True)
    transcription = models.TextField(null=True, blank=True)

    class Meta(SourceModel.Meta):
        db_table = "ingestion_callrail_call"
        verbose_name = "CallRail call"


class CallRailTracker(CallRailModel):
    """A tracking number or a pool of them; a deleted one stays in the list as `disabled`."""

    name = models.CharField(max_length=255)
    type = models.CharField(max_length=50, db_index=True)
    status = models.CharField(max_length=50, db_index=True)
    destination_number = models.CharField(max_length=20, null=True, blank=True, db_index=True)
    whisper_message = models.TextField(null=True, blank=True)
    sms_enabled = models.BooleanField(default=False)
    sms_supported = models.BooleanField(default=False)
    tracking_numbers = models.JSONField(default=list)
    company_id = models.CharField(max_length=50, null=True, blank=True, db_index=True)
    company = models.JSONField(null=True, blank=True)
    call_flow = models.JSONField(null=True, blank=True)
    source = models.JSONField(null=True, blank=True)
    disabled_at = models.DateTimeField(null=True, blank=True)
    api_created_at = models.DateTimeField(null=True, blank=True)

    class Meta(SourceModel.Meta):
        db_table = "ingestion_callrail_tracker"
        verbose_name = "CallRail tracker"


class CallRailFormSubmission(CallRailModel, Attribution):
    """A form that somebody sent; `form_data` has its own fields."""

    submission_time = models.DateTimeField(db_index=True)
    company_id = models.CharField(max_length=50, null=True, blank=True, db_index=True)
    person_id = models.CharField(max_length=50, null=True, blank=True, db_index=True)
    form_url = models.TextField(null=True, blank=True)
    form_name = models.CharField(max_length=255, null=True, blank=True)
    form_data = models.JSONField(default=dict)
    first_form = models.BooleanField(null=True, blank=True)
    referrer = models.TextField(null=True, blank=True)
    customer_name = models.CharField(max_length=255, null=True, blank=True)
    customer_email = models.CharField(max_length=254, null=True, blank=True)
    customer_phone_number = models.CharField(max_length=20, null=True, blank=True)

    class Meta(SourceModel.Meta):
        db_table = "ingestion_callrail_form_submission"
        verbose_name = "CallRail form submission"


class CallRailTextMessage(CallRailModel):
    """One message of a conversation.

    CallRail gives messages no id: it is made of the conversation, the time in milliseconds and the direction.
    """

    conversation_id = models.CharField(max_length=50, db_index=True)
    sent_at = models.DateTimeField(db_index=True)
    direction = models.CharField(max_length=20, db_index=True)
    message = models.TextField(null=True, blank=True)
    type = models.CharField(max_length=20, null=True, blank=True)
    media_urls = models.JSONField(null=True, blank=True)
    status = models.CharField(max_length=50, null=True, blank=True)
    company_id = models.CharField(max_length=50, null=True, blank=True, db_index=True)
    company_time_zone = models.CharField(max_length=100, null=True, blank=True)
    customer_name = models.CharField(max_length=255, null=True, blank=True)
    customer_phone_number = models.CharField(max_length=20, null=True, blank=True, db_index=True)
    tracking_phone_number = models.CharField(max_length=20, null=True, blank=True, db_index=True)
    initial_tracking_number = models.CharField(max_length=20, null=True, blank=True)
    initial_tracker_id = models.CharField(max_length=50, null=True, blank=True)
    current_tracker_id = models.CharField(max_length=50, null=True, blank=True)
    last_message_at = models.DateTimeField(null=True, blank=True)

    class Meta(SourceModel.Meta):
        db_table = "ingestion_callrail_text_message"
        verbose_name = "CallRail text message"


class CallRailTag(CallRailModel):
    """A tag of an account or of one company."""

    name = models.CharField(max_length=255, db_index=True)
    tag_level = models.CharField(max_length=20, null=True, blank=True)
    color = models.CharField(max_length=20, null=True, blank=True)
    background_color = models.CharField(max_length=20, null=True, blank=True)
    company_id = models.CharField(max_length=50, null=True, blank=True, db_index=True)
    status = models.CharField(max_length=50, null=True, blank=True)
    configuration = models.JSONField(null=True, blank=True)
    api_created_at = models.DateTimeField(null=True, blank=True)

    class Meta(SourceModel.Meta):
        db_table = "ingestion_callrail_tag"
        verbose_name = "CallRail tag"


class CallRailUser(CallRailModel):
    """A person who may log in; deleted ones leave the list."""

    email = models.CharField(max_length=254, null=True, blank=True, db_index=True)
    first_name = models.CharField(max_length=100, null=True, blank=True)
    last_name = models.CharField(max_length=100, null=True, blank=True)
    name = models.CharField(max_length=255, null=True, blank=True)
    role = models.CharField(max_length=100, null=True, blank=True, db_index=True)
    accepted = models.BooleanField(null=True, blank=True)
    is_active = models.BooleanField(default=True, db_index=True)
    permissions = models.JSONField(null=True, blank=True)
    companies = models.JSONField(null=True, blank=True)
    api_created_at = models.DateTimeField(null=True, blank=True)

    class Meta(SourceModel.Meta):
        db_table = "ingestion_callrail_user"
        verbose_name = "CallRail user"
