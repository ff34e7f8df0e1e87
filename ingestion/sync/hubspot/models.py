"""HubSpot's entities as tables.

A column is named as HubSpot names the property; what is not HubSpot's own is a custom property of the
portal, and stays null in a portal that does not have it. Times are UTC, money is in the portal's (a deal's:
in its own) currency, lists of values are texts joined by `;`.
"""

from django.db import models

from ingestion.models import SourceModel


class HubSpotContact(SourceModel):
    """A person.

    `lastmodifieddate` is the time of the last change; HubSpot leaves `hs_lastmodifieddate` empty here.
    """

    id = models.CharField(max_length=50, primary_key=True)
    archived = models.BooleanField(default=False)

    # The person
    email = models.CharField(max_length=255, null=True, blank=True)
    firstname = models.CharField(max_length=255, null=True, blank=True)
    lastname = models.CharField(max_length=255, null=True, blank=True)
    phone = models.CharField(max_length=50, null=True, blank=True)
    address = models.TextField(null=True, blank=True)
    city = models.CharField(max_length=255, null=True, blank=True)
    state = models.CharField(max_length=50, null=True, blank=True)
    zip = models.CharField(max_length=20, null=True, blank=True)
    country = models.CharField(max_length=255, null=True, blank=True)
    comments = models.TextField(null=True, blank=True)

    # What HubSpot keeps about every contact
    hs_object_id = models.CharField(max_length=255, null=True, blank=True)
    hs_merged_object_ids = models.TextField(null=True, blank=True)
    createdate = models.DateTimeField(null=True, blank=True)
    lastmodifieddate = models.DateTimeField(null=True, blank=True)
    lifecyclestage = models.CharField(max_length=255, null=True, blank=True)
    currentlyinworkflow = models.CharField(max_length=255, null=True, blank=True)
    hs_analytics_average_page_views = models.IntegerField(null=True, blank=True)
    hs_analytics_first_timestamp = models.DateTimeField(null=True, blank=True)
    hs_analytics_num_event_completions = models.IntegerField(null=True, blank=True)
    hs_analytics_num_page_views = models.IntegerField(null=True, blank=True)
    hs_analytics_num_visits = models.IntegerField(null=True, blank=True)
    hs_analytics_revenue = models.DecimalField(max_digits=15, decimal_places=2, null=True, blank=True)
    hs_analytics_source = models.CharField(max_length=255, null=True, blank=True)
    hs_analytics_source_data_1 = models.CharField(max_length=255, null=True, blank=True)
    hs_analytics_source_data_2 = models.CharField(max_length=255, null=True, blank=True)
    hs_created_by_user_id = models.CharField(max_length=255, null=True, blank=True)
    hs_currently_enrolled_in_prospecting_agent = models.BooleanField(null=True, blank=True)
    hs_email_domain = models.CharField(max_length=255, null=True, blank=True)
    hs_google_click_id = models.CharField(max_length=255, null=True, blank=True)
    hs_is_unworked = models.BooleanField(null=True, blank=True)
    hs_latest_source = models.CharField(max_length=255, null=True, blank=True)
    hs_latest_source_data_1 = models.CharField(max_length=255, null=True, blank=True)
    hs_latest_source_data_2 = models.CharField(max_length=255, null=True, blank=True)
    hs_latest_source_timestamp = models.DateTimeField(null=True, blank=True)
    hs_marketable_status = models.CharField(max_length=255, null=True, blank=True)
    hs_marketable_until_renewal = models.CharField(max_length=255, null=True, blank=True)
    hs_membership_has_accessed_private_content = models.IntegerField(null=True, blank=True)
    hs_object_source_label = models.CharField(max_length=255, null=True, blank=True)
    hs_predictivecontactscore_v2 = models.DecimalField(max_digits=10, decimal_places=2, null=True, blank=True)
    hs_predictivescoringtier = models.CharField(max_length=255, null=True, blank=True)
    hs_prospecting_agent_total_enrolled_count = models.IntegerField(null=True, blank=True)
    hs_registered_member = models.IntegerField(null=True, blank=True)
    hs_timezone = models.CharField(max_length=255, null=True, blank=True)
    hs_updated_by_user_id = models.CharField(max_length=255, null=True, blank=True)
    hs_v2_date_entered_lead = models.DateTimeField(null=True, blank=True)
    notes_last_contacted = models.DateTimeField(null=True, blank=True)
    notes_last_updated = models.DateTimeField(null=True, blank=True)
    num_contacted_notes = models.IntegerField(null=True, blank=True)
    num_conversion_events = models.IntegerField(null=True, blank=True)
    num_notes = models.IntegerField(null=True, blank=True)
    num_unique_conversion_events = models.IntegerField(null=True, blank=True)

    # The lead
    lead_salesrabbit_lead_id = models.CharField(max_length=255, null=True, blank=True)
    lead_added_by = models.BigIntegerField(null=True, blank=True)
    lead_added_by_latitude = models.CharField(max_length=50, null=True, blank=True)
    lead_added_by_longitude = models.CharField(max_length=50, null=True, blank=True)
    lead_added_by_supervisor = models.CharField(max_length=255, null=True, blank=True)
    lead_address1 = models.CharField(max_length=500, null=True, blank=True)
    lead_agent_id = models.BigIntegerField(null=True, blank=True)
    lead_agent_name = models.CharField(max_length=255, null=True, blank=True)
    lead_call_screen_viewed_by = models.BigIntegerField(null=True, blank=True)
    lead_call_screen_viewed_on = models.DateTimeField(null=True, blank=True)
    lead_cdyne_county = models.CharField(max_length=255, null=True, blank=True)
    lead_city = models.CharField(max_length=100, null=True, blank=True)
    lead_contact = models.BigIntegerField(null=True, blank=True)
    lead_copied_from_id = models.BigIntegerField(null=True, blank=True)
    lead_copied_from_on = models.CharField(max_length=255, null=True, blank=True)
    lead_cost = models.DecimalField(max_digits=15, decimal_places=2, null=True, blank=True)
    lead_cwp_client = models.IntegerField(null=True, blank=True)
    lead_dead_by = models.BigIntegerField(null=True, blank=True)
    lead_dead_on = models.DateTimeField(null=True, blank=True)
    lead_division = models.BigIntegerField(null=True, blank=True)
    lead_do_not_call_before = models.DateTimeField(null=True, blank=True)
    lead_estimate_confirmed_by = models.BigIntegerField(null=True, blank=True)
    lead_estimate_confirmed_on = models.DateTimeField(null=True, blank=True)
    lead_express_consent_set_by = models.BigIntegerField(null=True, blank=True)
    lead_express_consent_set_on = models.DateTimeField(null=True, blank=True)
    lead_express_consent_source = models.IntegerField(null=True, blank=True)
    lead_express_consent_upload_file_id = models.BigIntegerField(null=True, blank=True)
    lead_id = models.BigIntegerField(null=True, blank=True)
    lead_import_source = models.CharField(max_length=255, null=True, blank=True)
    lead_invalid_address = models.IntegerField(null=True, blank=True)
    lead_is_carpentry_followup = models.IntegerField(null=True, blank=True)
    lead_is_dnc = models.IntegerField(null=True, blank=True)
    lead_is_dummy = models.IntegerField(null=True, blank=True)
    lead_is_estimate_confirmed = models.IntegerField(null=True, blank=True)
    lead_is_estimate_set = models.IntegerField(null=True, blank=True)
    lead_is_express_consent = models.IntegerField(null=True, blank=True)
    lead_is_express_consent_being_reviewed = models.IntegerField(null=True, blank=True)
    lead_is_high_potential = models.IntegerField(null=True, blank=True)
    lead_is_mobile_lead = models.IntegerField(null=True, blank=True)
    lead_is_valid_address = models.IntegerField(null=True, blank=True)
    lead_is_valid_email = models.IntegerField(null=True, blank=True)
    lead_is_year_built_verified = models.IntegerField(null=True, blank=True)
    lead_is_zillow = models.IntegerField(null=True, blank=True)
    lead_job_type = models.IntegerField(null=True, blank=True)
    lead_notes = models.TextField(null=True, blank=True)
    lead_phone1 = models.CharField(max_length=50, null=True, blank=True)
    lead_phone2 = models.CharField(max_length=50, null=True, blank=True)
    lead_phone3 = models.CharField(max_length=50, null=True, blank=True)
    lead_prospect_id = models.BigIntegerField(null=True, blank=True)
    lead_rating = models.IntegerField(null=True, blank=True)
    lead_salesrabbit_lead_id_new = models.BigIntegerField(null=True, blank=True)
    lead_source = models.IntegerField(null=True, blank=True)
    lead_source_notes = models.TextField(null=True, blank=True)
    lead_sourced_on = models.DateTimeField(null=True, blank=True)
    lead_state = models.CharField(max_length=50, null=True, blank=True)
    lead_status = models.IntegerField(null=True, blank=True)
    lead_substatus = models.IntegerField(null=True, blank=True)
    lead_type1 = models.IntegerField(null=True, blank=True)
    lead_type2 = models.IntegerField(null=True, blank=True)
    lead_type4 = models.IntegerField(null=True, blank=True)
    lead_viewed_on = models.DateTimeField(null=True, blank=True)
    lead_with_dm = models.IntegerField(null=True, blank=True)
    lead_year_built = models.CharField(max_length=20, null=True, blank=True)
    lead_zip = models.CharField(max_length=20, null=True, blank=True)

    # The prospect that a lead became
    prospect_id = models.BigIntegerField(null=True, blank=True)
    prospect_add_date = models.DateTimeField(null=True, blank=True)
    prospect_add_user_id = models.BigIntegerField(null=True, blank=True)
    prospect_is_address_valid = models.IntegerField(null=True, blank=True)
    prospect_is_year_built_valid = models.IntegerField(null=True, blank=True)
    prospect_phone1 = models.CharField(max_length=50, null=True, blank=True)
    prospect_phone1_type = models.IntegerField(null=True, blank=True)
    prospect_phone2_type = models.IntegerField(null=True, blank=True)
    prospect_user_id = models.BigIntegerField(null=True, blank=True)
    prospect_year_built = models.IntegerField(null=True, blank=True)
    prospect_marketsharp_id = models.CharField(max_length=255, null=True, blank=True)

    # Where it came from, and its numbers elsewhere
    adgroupid = models.CharField(max_length=255, null=True, blank=True)
    ap_leadid = models.CharField(max_length=255, null=True, blank=True)
    campaign_content = models.CharField(max_length=255, null=True, blank=True)
    campaign_name = models.CharField(max_length=255, null=True, blank=True)
    clickcheck = models.CharField(max_length=255, null=True, blank=True)
    clicktype = models.CharField(max_length=255, null=True, blank=True)
    division = models.CharField(max_length=255, null=True, blank=True)
    marketsharp_id = models.CharField(max_length=255, null=True, blank=True)
    msm_source = models.CharField(max_length=255, null=True, blank=True)
    original_lead_source = models.TextField(null=True, blank=True)
    original_lead_source_created = models.DateTimeField(null=True, blank=True)
    price = models.DecimalField(max_digits=15, decimal_places=2, null=True, blank=True)
    reference_code = models.CharField(max_length=255, null=True, blank=True)
    search_terms = models.CharField(max_length=255, null=True, blank=True)
    tier = models.CharField(max_length=255, null=True, blank=True)
    trustedform_cert_url = models.URLField(max_length=500, null=True, blank=True)
    vendorleadid = models.CharField(max_length=255, null=True, blank=True)
    vertical = models.CharField(max_length=255, null=True, blank=True)
    dedupe_record_id = models.CharField(max_length=255, null=True, blank=True)
    sales_rabbit_lead_id = models.CharField(max_length=255, null=True, blank=True)
    contact_id = models.BigIntegerField(null=True, blank=True)
    phone1_type = models.IntegerField(null=True, blank=True)
    phone2_type = models.IntegerField(null=True, blank=True)
    last_scheduled_appointment_start_time = models.DateTimeField(null=True, blank=True)
    contact_type = models.CharField(max_length=255, null=True, blank=True)
    hge_secondary_source = models.CharField(max_length=255, null=True, blank=True)
    hge_primary_source = models.CharField(max_length=255, null=True, blank=True)
    service_of_interest = models.CharField(max_length=255, null=True, blank=True)
    canvasser = models.CharField(max_length=255, null=True, blank=True)
    canvasser_email = models.CharField(max_length=255, null=True, blank=True)
    canvasser_id = models.CharField(max_length=255, null=True, blank=True)
    hatch_id = models.CharField(max_length=255, null=True, blank=True)
    address_url = models.URLField(max_length=500, null=True, blank=True)
    division_id = models.BigIntegerField(null=True, blank=True)

    class Meta:
        db_table = "ingestion_hubspot_contact"
        verbose_name = "HubSpot contact"
        indexes = [
            models.Index(fields=["email"], name="hs_contact_email"),
            models.Index(fields=["phone"], name="hs_contact_phone"),
            models.Index(fields=["lastmodifieddate"], name="hs_contact_lastmodifieddate"),
            models.Index(fields=["createdate"], name="hs_contact_createdate"),
            models.Index(fields=["division"], name="hs_contact_division"),
            models.Index(fields=["marketsharp_id"], name="hs_contact_marketsharp_id"),
            models.Index(fields=["lead_prospect_id"], name="hs_contact_lead_prospect_id"),
            models.Index(fields=["lead_status"], name="hs_contact_lead_status"),
            models.Index(fields=["lead_division"], name="hs_contact_lead_division"),
        ]

    def __str__(self) -> str:
        return self.email or self.id


class HubSpotCompany(SourceModel):
    """A business; two that were merged live on under a new id."""

    id = models.CharField(max_length=50, primary_key=True)
    archived = models.BooleanField(default=False)
    name = models.CharField(max_length=255, null=True, blank=True)
    domain = models.CharField(max_length=255, null=True, blank=True)
    website = models.CharField(max_length=500, null=True, blank=True)
    phone = models.CharField(max_length=50, null=True, blank=True)
    address = models.TextField(null=True, blank=True)
    address2 = models.TextField(null=True, blank=True)
    city = models.CharField(max_length=255, null=True, blank=True)
    state = models.CharField(max_length=255, null=True, blank=True)
    zip = models.CharField(max_length=50, null=True, blank=True)
    country = models.CharField(max_length=255, null=True, blank=True)
    timezone = models.CharField(max_length=255, null=True, blank=True)
    industry = models.CharField(max_length=255, null=True, blank=True)
    type = models.CharField(max_length=255, null=True, blank=True)
    description = models.TextField(null=True, blank=True)
    founded_year = models.CharField(max_length=50, null=True, blank=True)
    is_public = models.BooleanField(null=True, blank=True)
    linkedin_company_page = models.CharField(max_length=500, null=True, blank=True)
    numberofemployees = models.BigIntegerField(null=True, blank=True)
    annualrevenue = models.DecimalField(max_digits=20, decimal_places=2, null=True, blank=True)
    total_revenue = models.DecimalField(max_digits=20, decimal_places=2, null=True, blank=True)
    lifecyclestage = models.CharField(max_length=255, null=True, blank=True)
    hs_lead_status = models.CharField(max_length=255, null=True, blank=True)
    hs_analytics_source = models.CharField(max_length=255, null=True, blank=True)
    hubspot_owner_id = models.CharField(max_length=255, null=True, blank=True)
    hubspot_owner_assigneddate = models.DateTimeField(null=True, blank=True)
    hubspot_team_id = models.CharField(max_length=255, null=True, blank=True)
    hs_parent_company_id = models.CharField(max_length=255, null=True, blank=True)
    hs_num_child_companies = models.IntegerField(null=True, blank=True)
    num_associated_contacts = models.IntegerField(null=True, blank=True)
    num_associated_deals = models.IntegerField(null=True, blank=True)
    hs_num_open_deals = models.IntegerField(null=True, blank=True)
    hs_total_deal_value = models.DecimalField(max_digits=20, decimal_places=2, null=True, blank=True)
    recent_deal_amount = models.DecimalField(max_digits=20, decimal_places=2, null=True, blank=True)
    recent_deal_close_date = models.DateTimeField(null=True, blank=True)
    first_deal_created_date = models.DateTimeField(null=True, blank=True)
    first_contact_createdate = models.DateTimeField(null=True, blank=True)
    closedate = models.DateTimeField(null=True, blank=True)
    days_to_close = models.IntegerField(null=True, blank=True)
    num_notes = models.IntegerField(null=True, blank=True)
    num_contacted_notes = models.IntegerField(null=True, blank=True)
    notes_last_updated = models.DateTimeField(null=True, blank=True)
    notes_last_contacted = models.DateTimeField(null=True, blank=True)
    notes_next_activity_date = models.DateTimeField(null=True, blank=True)
    hs_object_id = models.CharField(max_length=255, null=True, blank=True)
    hs_merged_object_ids = models.TextField(null=True, blank=True)
    createdate = models.DateTimeField(null=True, blank=True)
    hs_lastmodifieddate = models.DateTimeField(null=True, blank=True)

    class Meta:
        db_table = "ingestion_hubspot_company"
        verbose_name = "HubSpot company"
        verbose_name_plural = "HubSpot companies"
        indexes = [
            models.Index(fields=["name"], name="hs_company_name"),
            models.Index(fields=["domain"], name="hs_company_domain"),
            models.Index(fields=["hubspot_owner_id"], name="hs_company_hubspot_owner_id"),
            models.Index(fields=["hs_lastmodifieddate"], name="hs_company_hs_lastmodifieddate"),
        ]

    def __str__(self) -> str:
        return self.name or self.id


class HubSpotDeal(SourceModel):
    """An opportunity; `pipeline` and `dealstage` are ids of the portal, not labels."""

    id = models.CharField(max_length=50, primary_key=True)
    archived = models.BooleanField(default=False)
    deal_name = models.CharField(max_length=255, null=True, blank=True)
    amount = models.DecimalField(max_digits=15, decimal_places=2, null=True, blank=True)
    closedate = models.DateTimeField(null=True, blank=True)
    pipeline = models.CharField(max_length=255, null=True, blank=True)
    dealstage = models.CharField(max_length=255, null=True, blank=True)
    dealtype = models.CharField(max_length=255, null=True, blank=True)
    description = models.TextField(null=True, blank=True)
    hubspot_owner_id = models.CharField(max_length=255, null=True, blank=True)
    division = models.CharField(max_length=255, null=True, blank=True)
    priority = models.CharField(max_length=255, null=True, blank=True)
    hs_object_id = models.CharField(max_length=255, null=True, blank=True)
    hs_merged_object_ids = models.TextField(null=True, blank=True)
    createdate = models.DateTimeField(null=True, blank=True)
    hs_lastmodifieddate = models.DateTimeField(null=True, blank=True)

    class Meta:
        db_table = "ingestion_hubspot_deal"
        verbose_name = "HubSpot deal"
        indexes = [
            models.Index(fields=["pipeline"], name="hs_deal_pipeline"),
            models.Index(fields=["dealstage"], name="hs_deal_dealstage"),
            models.Index(fields=["hubspot_owner_id"], name="hs_deal_hubspot_owner_id"),
            models.Index(fields=["closedate"], name="hs_deal_closedate"),
            models.Index(fields=["hs_lastmodifieddate"], name="hs_deal_hs_lastmodifieddate"),
        ]

    def __str__(self) -> str:
        return self.deal_name or self.id


class HubSpotOwner(SourceModel):
    """Who owns records: their `hubspot_owner_id` is this `id`, not `user_id`."""

    id = models.CharField(max_length=50, primary_key=True)
    archived = models.BooleanField(default=False)
    email = models.EmailField(null=True, blank=True)
    first_name = models.CharField(max_length=255, null=True, blank=True)
    last_name = models.CharField(max_length=255, null=True, blank=True)
    type = models.CharField(max_length=50, null=True, blank=True)
    user_id = models.BigIntegerField(null=True, blank=True)
    teams = models.JSONField(null=True, blank=True)
    created_at = models.DateTimeField(null=True, blank=True)
    updated_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        db_table = "ingestion_hubspot_owner"
        verbose_name = "HubSpot owner"
        indexes = [
            models.Index(fields=["email"], name="hs_owner_email"),
        ]

    def __str__(self) -> str:
        return self.email or self.id


class HubSpotZipCode(SourceModel):
    """A ZIP code, and the division that serves it.

    The list is kept as a file beside the portal, not in it.
    """

    zipcode = models.CharField(max_length=10, primary_key=True)
    division = models.CharField(max_length=255, null=True, blank=True)
    city = models.CharField(max_length=255, null=True, blank=True)
    county = models.CharField(max_length=255, null=True, blank=True)
    state = models.CharField(max_length=10, null=True, blank=True)
    area_code = models.CharField(max_length=20, null=True, blank=True)
    latitude = models.DecimalField(max_digits=9, decimal_places=6, null=True, blank=True)
    longitude = models.DecimalField(max_digits=9, decimal_places=6, null=True, blank=True)

    class Meta:
        db_table = "ingestion_hubspot_zip_code"
        verbose_name = "ZIP code"

    def __str__(self) -> str:
        return self.zipcode
