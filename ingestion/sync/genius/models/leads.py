"""Leads."""

from django.db import models

from ingestion.models import SourceModel
from ingestion.sync.genius.models.references import refers_to


class GeniusLead(SourceModel):
    """A lead, with every column of the widest and longest table.

    `source` is a number whose meaning Genius does not tell; `copied_to_id` is a lead or a prospect.
    """

    lead_id = models.IntegerField(primary_key=True)
    contact = models.IntegerField(default=0)
    division = refers_to("GeniusDivision", "leads", default=0, db_column="division")
    first_name = models.CharField(max_length=50, null=True, blank=True)
    last_name = models.CharField(max_length=50, null=True, blank=True)
    address1 = models.CharField(max_length=50, null=True, blank=True)
    address2 = models.CharField(max_length=50, null=True, blank=True)
    city = models.CharField(max_length=50, null=True, blank=True)
    state = models.CharField(max_length=2, null=True, blank=True)
    zip = models.CharField(max_length=7, null=True, blank=True)
    cdyne_county = models.CharField(max_length=25, null=True, blank=True)
    is_valid_address = models.SmallIntegerField(default=0)
    email = models.CharField(max_length=100, null=True, blank=True)
    phone1 = models.CharField(max_length=12, null=True, blank=True)
    type1 = models.SmallIntegerField(default=0)
    phone2 = models.CharField(max_length=12, null=True, blank=True)
    type2 = models.SmallIntegerField(default=0)
    phone3 = models.CharField(max_length=12, null=True, blank=True)
    type3 = models.SmallIntegerField(default=0)
    phone4 = models.CharField(max_length=12, null=True, blank=True)
    type4 = models.SmallIntegerField(default=0)
    source = models.SmallIntegerField(default=0)
    source_notes = models.CharField(max_length=64, null=True, blank=True)
    sourced_on = models.DateTimeField(null=True, blank=True)
    job_type = models.SmallIntegerField(default=2)
    rating = models.SmallIntegerField(null=True, blank=True)
    year_built = models.CharField(max_length=4, null=True, blank=True)
    is_year_built_verified = models.SmallIntegerField(default=0)
    is_zillow = models.SmallIntegerField(default=0)
    is_express_consent = models.SmallIntegerField(default=0)
    express_consent_set_by = refers_to(
        "GeniusUserData", db_column="express_consent_set_by", null=True, blank=True
    )
    express_consent_set_on = models.DateTimeField(null=True, blank=True)
    express_consent_source = models.SmallIntegerField(null=True, blank=True)
    express_consent_upload_file_id = models.IntegerField(null=True, blank=True)
    is_express_consent_being_reviewed = models.SmallIntegerField(default=0)
    express_consent_being_reviewed_by = refers_to(
        "GeniusUserData", db_column="express_consent_being_reviewed_by", null=True, blank=True
    )
    notes = models.TextField(null=True, blank=True)
    status = models.SmallIntegerField(null=True, blank=True)
    substatus = models.SmallIntegerField(null=True, blank=True)
    substatus_reason = models.IntegerField(null=True, blank=True)
    alternate_id = models.IntegerField(null=True, blank=True)
    added_by = refers_to("GeniusUserData", default=0, db_column="added_by")
    added_on = models.DateTimeField(null=True, blank=True)
    viewed_on = models.DateTimeField(null=True, blank=True)
    is_estimate_set = models.SmallIntegerField(default=0)
    estimate_set_by = refers_to("GeniusUserData", db_column="estimate_set_by", null=True, blank=True)
    estimate_set_on = models.DateTimeField(null=True, blank=True)
    dead_on = models.DateTimeField(null=True, blank=True)
    dead_by = refers_to("GeniusUserData", db_column="dead_by", null=True, blank=True)
    dead_note = models.CharField(max_length=100, null=True, blank=True)
    is_credit_request = models.SmallIntegerField(null=True, blank=True)
    credit_request_by = refers_to("GeniusUserData", db_column="credit_request_by", null=True, blank=True)
    credit_request_on = models.DateTimeField(null=True, blank=True)
    credit_request_reason = models.TextField(null=True, blank=True)
    credit_request_status = models.SmallIntegerField(null=True, blank=True)
    credit_request_update_on = models.DateTimeField(null=True, blank=True)
    credit_request_update_by = refers_to(
        "GeniusUserData", db_column="credit_request_update_by", null=True, blank=True
    )
    credit_request_note = models.TextField(null=True, blank=True)
    lead_cost = models.FloatField(default=20.0)
    import_source = models.CharField(max_length=100, null=True, blank=True)
    call_screen_viewed_on = models.DateTimeField(null=True, blank=True)
    call_screen_viewed_by = refers_to(
        "GeniusUserData", db_column="call_screen_viewed_by", null=True, blank=True
    )
    copied_to_id = models.IntegerField(null=True, blank=True)
    copied_to_on = models.DateTimeField(null=True, blank=True)
    copied_from = refers_to("GeniusLead", null=True, blank=True)
    copied_from_on = models.DateTimeField(null=True, blank=True)
    cwp_client = models.IntegerField(default=0)
    cwp_referral = models.IntegerField(null=True, blank=True)
    rc_paid_to = models.IntegerField(null=True, blank=True)
    rc_paid_on = models.DateTimeField(null=True, blank=True)
    with_dm = models.SmallIntegerField(default=-1)
    voicemail_file = models.CharField(max_length=124, null=True, blank=True)
    agent_id = models.CharField(max_length=48, null=True, blank=True)
    agent_name = models.CharField(max_length=124, null=True, blank=True)
    invalid_address = models.SmallIntegerField(default=0)
    is_valid_email = models.SmallIntegerField(default=0)
    is_high_potential = models.SmallIntegerField(default=0)
    is_mobile_lead = models.SmallIntegerField(default=0)
    is_dnc = models.SmallIntegerField(null=True, blank=True)
    is_dummy = models.SmallIntegerField(default=0)
    lead_central_estimate_date = models.DateTimeField(null=True, blank=True)
    do_not_call_before = models.DateTimeField(null=True, blank=True)
    is_estimate_confirmed = models.SmallIntegerField(null=True, blank=True)
    estimate_confirmed_by = refers_to(
        "GeniusUserData", db_column="estimate_confirmed_by", null=True, blank=True
    )
    estimate_confirmed_on = models.DateTimeField(null=True, blank=True)
    added_by_latitude = models.DecimalField(max_digits=9, decimal_places=7, null=True, blank=True)
    added_by_longitude = models.DecimalField(max_digits=10, decimal_places=7, null=True, blank=True)
    is_carpentry_followup = models.SmallIntegerField(default=0)
    carpentry_followup_notes = models.TextField(null=True, blank=True)
    marketing_source = refers_to(
        "GeniusMarketingSource", "leads", db_column="marketing_source", null=True, blank=True
    )
    prospect = refers_to("GeniusProspect", "leads", null=True, blank=True)
    added_by_supervisor = refers_to("GeniusUserData", db_column="added_by_supervisor", null=True, blank=True)
    salesrabbit_lead_id = models.IntegerField(null=True, blank=True)
    third_party_source_id = models.IntegerField(null=True, blank=True)
    updated_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        db_table = "ingestion_genius_lead"
        verbose_name = "Genius lead"
        indexes = [
            models.Index(fields=["updated_at"], name="gn_lead_updated_"),
            models.Index(fields=["added_on"], name="gn_lead_added_on"),
            models.Index(fields=["email"], name="gn_lead_email"),
            models.Index(fields=["phone1"], name="gn_lead_phone1"),
        ]
