"""Quotes, jobs and their financing."""

from decimal import Decimal

from django.db import models

from ingestion.models import SourceModel
from ingestion.sync.genius.models.references import one_to_one, refers_to


class GeniusQuote(SourceModel):
    """An estimate for a prospect."""

    id = models.IntegerField(primary_key=True)
    prospect = refers_to("GeniusProspect", "quotes")
    appointment = refers_to("GeniusAppointment", "quotes", null=True, blank=True)
    job = refers_to("GeniusJob", "quotes", null=True, blank=True)
    client_cid = models.IntegerField(null=True, blank=True)
    service = refers_to("GeniusService")
    label = models.CharField(max_length=255, null=True, blank=True)
    description = models.TextField(null=True, blank=True)
    amount = models.DecimalField(max_digits=10, decimal_places=2, default=Decimal("0.0"))
    expire_date = models.DateField(null=True, blank=True)
    status_id = models.IntegerField(default=1)
    contract_file_id = models.IntegerField(null=True, blank=True)
    estimate_file_id = models.IntegerField(null=True, blank=True)
    add_user = refers_to("GeniusUserData")
    add_date = models.DateTimeField(null=True, blank=True)
    updated_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        db_table = "ingestion_genius_quote"
        verbose_name = "Genius quote"
        indexes = [
            models.Index(fields=["updated_at"], name="gn_quote_updated_"),
        ]


class GeniusJob(SourceModel):
    """A sold job, from the contract to the closeout."""

    id = models.IntegerField(primary_key=True)
    client_cid = models.IntegerField(null=True, blank=True)
    prospect = refers_to("GeniusProspect", "jobs")
    division = refers_to("GeniusDivision", "jobs")
    user = refers_to("GeniusUserData", null=True, blank=True)
    production_user = refers_to("GeniusUserData", null=True, blank=True)
    project_coordinator_user = refers_to("GeniusUserData", null=True, blank=True)
    production_month = models.IntegerField(null=True, blank=True)
    subcontractor_id = models.IntegerField(null=True, blank=True)
    subcontractor_status_id = models.SmallIntegerField(null=True, blank=True)
    subcontractor_confirmed = models.SmallIntegerField(default=0)
    status = refers_to("GeniusJobStatus", default=10, db_column="status")
    is_in_progress = models.SmallIntegerField(default=0)
    ready_status = models.SmallIntegerField(null=True, blank=True)
    prep_status_id = models.SmallIntegerField(null=True, blank=True)
    prep_status_set_date = models.DateTimeField(null=True, blank=True)
    prep_status_is_reset = models.SmallIntegerField(default=0)
    prep_status_notes = models.TextField(null=True, blank=True)
    prep_issue_id = models.CharField(max_length=32, null=True, blank=True)
    service = refers_to("GeniusService")
    is_lead_pb = models.SmallIntegerField(default=0)
    contract_number = models.CharField(max_length=50, null=True, blank=True)
    contract_date = models.DateField(null=True, blank=True)
    contract_amount = models.DecimalField(max_digits=11, decimal_places=2, default=Decimal("0.00"))
    contract_amount_difference = models.TextField(null=True, blank=True)
    contract_hours = models.IntegerField(default=0)
    contract_file_id = models.IntegerField(null=True, blank=True)
    job_value = models.DecimalField(max_digits=11, decimal_places=2, default=Decimal("0.00"))
    deposit_amount = models.DecimalField(max_digits=11, decimal_places=2, default=Decimal("0.00"))
    deposit_type_id = models.SmallIntegerField(null=True, blank=True)
    is_financing = models.SmallIntegerField(default=0)
    sales_tax_rate = models.DecimalField(max_digits=7, decimal_places=5, default=Decimal("0.00000"))
    is_sales_tax_exempt = models.SmallIntegerField(default=0)
    commission_payout = models.DecimalField(max_digits=11, decimal_places=2, default=Decimal("0.00"))
    accrued_commission_payout = models.DecimalField(max_digits=11, decimal_places=2, default=Decimal("0.00"))
    sold_user = refers_to("GeniusUserData", null=True, blank=True)
    sold_date = models.DateField(null=True, blank=True)
    start_request_date = models.DateField(null=True, blank=True)
    deadline_date = models.DateField(null=True, blank=True)
    ready_date = models.DateField(null=True, blank=True)
    jsa_sent = models.SmallIntegerField(null=True, blank=True)
    start_date = models.DateField(null=True, blank=True)
    end_date = models.DateField(null=True, blank=True)
    add_user = refers_to("GeniusUserData")
    add_date = models.DateTimeField(null=True, blank=True)
    cancel_date = models.DateField(null=True, blank=True)
    cancel_user = refers_to("GeniusUserData", null=True, blank=True)
    cancel_reason_id = models.SmallIntegerField(null=True, blank=True)
    is_refund = models.SmallIntegerField(default=0)
    refund_date = models.DateField(null=True, blank=True)
    refund_user = refers_to("GeniusUserData", null=True, blank=True)
    finish_date = models.DateField(null=True, blank=True)
    is_earned_not_paid = models.SmallIntegerField(default=0)
    materials_arrival_date = models.DateField(null=True, blank=True)
    measure_date = models.DateField(null=True, blank=True)
    measure_time = models.TimeField(null=True, blank=True)
    measure_user = refers_to("GeniusUserData", null=True, blank=True)
    time_format = models.SmallIntegerField(null=True, blank=True)
    materials_estimated_arrival_date = models.DateField(null=True, blank=True)
    materials_ordered = models.DateTimeField(null=True, blank=True)
    price_level = models.CharField(max_length=32, null=True, blank=True)
    price_level_goal = models.SmallIntegerField(null=True, blank=True)
    price_level_commission = models.DecimalField(max_digits=3, decimal_places=1, null=True, blank=True)
    price_level_commission_reduction = models.SmallIntegerField(null=True, blank=True)
    is_reviewed = models.SmallIntegerField(default=0)
    reviewed_by = refers_to("GeniusUserData", db_column="reviewed_by", null=True, blank=True)
    pp_id_updated = models.SmallIntegerField(default=0)
    hoa = models.SmallIntegerField(null=True, blank=True)
    hoa_approved = models.SmallIntegerField(null=True, blank=True)
    install_date = models.DateField(null=True, blank=True)
    install_time = models.TimeField(null=True, blank=True)
    install_time_format = models.SmallIntegerField(null=True, blank=True)
    materials_ordered_old = models.SmallIntegerField(null=True, blank=True)
    start_month_old = models.SmallIntegerField(null=True, blank=True)
    cogs_report_month = models.CharField(max_length=50, null=True, blank=True)
    is_cogs_report_month_updated = models.SmallIntegerField(default=0)
    forecast_month = models.CharField(max_length=50, null=True, blank=True)
    coc_sent_on = models.DateTimeField(null=True, blank=True)
    coc_sent_by = refers_to("GeniusUserData", db_column="coc_sent_by", null=True, blank=True)
    company_cam_link = models.CharField(max_length=256, null=True, blank=True)
    pm_finished_on = models.DateField(null=True, blank=True)
    estimate_job_duration = models.SmallIntegerField(null=True, blank=True)
    payment_not_finalized_reason = models.IntegerField(null=True, blank=True)
    reasons_other = models.CharField(max_length=255, null=True, blank=True)
    payment_type = models.IntegerField(null=True, blank=True)
    payment_amount = models.DecimalField(max_digits=11, decimal_places=2, null=True, blank=True)
    is_payment_finalized = models.SmallIntegerField(null=True, blank=True)
    is_company_cam = models.SmallIntegerField(null=True, blank=True)
    is_five_star_review = models.SmallIntegerField(null=True, blank=True)
    projected_end_date = models.DateField(null=True, blank=True)
    is_company_cam_images_correct = models.SmallIntegerField(null=True, blank=True)
    post_pm_closeout_date = models.DateField(null=True, blank=True)
    pre_pm_closeout_date = models.DateField(null=True, blank=True)
    actual_install_date = models.DateTimeField(null=True, blank=True)
    in_progress_substatus_id = models.IntegerField(null=True, blank=True)
    is_loan_document_uptodate = models.SmallIntegerField(null=True, blank=True)
    is_labor_adjustment_correct = models.SmallIntegerField(null=True, blank=True)
    is_change_order_correct = models.SmallIntegerField(null=True, blank=True)
    is_coc_pdf_attached = models.SmallIntegerField(default=0)
    updated_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        db_table = "ingestion_genius_job"
        verbose_name = "Genius job"
        indexes = [
            models.Index(fields=["updated_at"], name="gn_job_updated_"),
            models.Index(fields=["contract_date"], name="gn_job_contract"),
        ]


class GeniusJobStatus(SourceModel):
    """A status of jobs."""

    id = models.IntegerField(primary_key=True)
    label = models.CharField(max_length=50, null=True, blank=True)
    is_system = models.SmallIntegerField(default=0)

    class Meta:
        db_table = "ingestion_genius_job_status"
        verbose_name = "Genius job status"
        verbose_name_plural = "Genius job statuses"


class GeniusJobFinancing(SourceModel):
    """How a job is financed; at most one row for each job."""

    job = one_to_one("GeniusJob", "financing")
    term_id = models.IntegerField(null=True, blank=True)
    financed_amount = models.DecimalField(max_digits=9, decimal_places=2, default=Decimal("0.00"))
    max_financed_amount = models.DecimalField(max_digits=9, decimal_places=2, default=Decimal("0.00"))
    bid_rate = models.DecimalField(max_digits=5, decimal_places=3, null=True, blank=True)
    commission_reduction = models.DecimalField(max_digits=5, decimal_places=3, null=True, blank=True)
    signed_on = models.DateTimeField(null=True, blank=True)
    cancellation_period_expires_on = models.DateTimeField(null=True, blank=True)
    app_submission_date = models.DateTimeField(null=True, blank=True)
    is_joint_application = models.SmallIntegerField(default=0)
    applicant = models.CharField(max_length=50, null=True, blank=True)
    co_applicant = models.CharField(max_length=50, null=True, blank=True)
    status = models.SmallIntegerField(default=1)
    approved_on = models.DateTimeField(null=True, blank=True)
    loan_expiration_date = models.DateTimeField(null=True, blank=True)
    denied_on = models.DateTimeField(null=True, blank=True)
    denied_by = refers_to("GeniusUserData", db_column="denied_by", null=True, blank=True)
    why_book = models.TextField(null=True, blank=True)
    would_book = models.SmallIntegerField(null=True, blank=True)
    is_financing_factor = models.SmallIntegerField(null=True, blank=True)
    satisfied = models.TextField(null=True, blank=True)
    docs_completed = models.DateTimeField(null=True, blank=True)
    active_stipulation_notes = models.TextField(null=True, blank=True)
    is_active_stipulations_cleared = models.SmallIntegerField(default=0)
    legal_app_name = models.CharField(max_length=100, null=True, blank=True)

    class Meta:
        db_table = "ingestion_genius_job_financing"
        verbose_name = "Genius job financing"
