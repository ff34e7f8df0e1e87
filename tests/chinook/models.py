from django.db import models

from ingestion.models import SourceModel


class Named(SourceModel):
    name = models.CharField(max_length=120, null=True)

    class Meta:
        abstract = True


class Artist(Named):
    artist_id = models.IntegerField(primary_key=True)

    class Meta:
        db_table = "chinook_artist"


class Genre(Named):
    genre_id = models.IntegerField(primary_key=True)

    class Meta:
        db_table = "chinook_genre"


class MediaType(Named):
    media_type_id = models.IntegerField(primary_key=True)

    class Meta:
        db_table = "chinook_media_type"


class Playlist(Named):
    playlist_id = models.IntegerField(primary_key=True)

    class Meta:
        db_table = "chinook_playlist"


class Album(SourceModel):
    album_id = models.IntegerField(primary_key=True)
    title = models.CharField(max_length=160)
    artist_id = models.IntegerField()

    class Meta:
        db_table = "chinook_album"


class Track(SourceModel):
    track_id = models.IntegerField(primary_key=True)
    name = models.CharField(max_length=200)
    album_id = models.IntegerField(null=True)
    media_type_id = models.IntegerField()
    genre_id = models.IntegerField(null=True)
    composer = models.CharField(max_length=220, null=True)
    milliseconds = models.IntegerField()
    bytes = models.IntegerField(null=True)
    unit_price = models.DecimalField(max_digits=10, decimal_places=2)

    class Meta:
        db_table = "chinook_track"


class PlaylistTrack(SourceModel):
    playlist_id = models.IntegerField()
    track_id = models.IntegerField()

    class Meta:
        db_table = "chinook_playlist_track"
        constraints = [
            models.UniqueConstraint(fields=["playlist_id", "track_id"], name="chinook_playlist_key")
        ]


class Person(SourceModel):
    last_name = models.CharField(max_length=20)
    first_name = models.CharField(max_length=40)
    address = models.CharField(max_length=70, null=True)
    city = models.CharField(max_length=40, null=True)
    state = models.CharField(max_length=40, null=True)
    country = models.CharField(max_length=40, null=True)
    postal_code = models.CharField(max_length=10, null=True)
    phone = models.CharField(max_length=24, null=True)
    fax = models.CharField(max_length=24, null=True)
    email = models.CharField(max_length=60, null=True)

    class Meta:
        abstract = True


class Customer(Person):
    customer_id = models.IntegerField(primary_key=True)
    company = models.CharField(max_length=80, null=True)
    support_rep_id = models.IntegerField(null=True)

    class Meta:
        db_table = "chinook_customer"


class Employee(Person):
    employee_id = models.IntegerField(primary_key=True)
    title = models.CharField(max_length=30, null=True)
    reports_to = models.IntegerField(null=True)
    birth_date = models.DateTimeField(null=True)
    hire_date = models.DateTimeField(null=True)

    class Meta:
        db_table = "chinook_employee"


class Invoice(SourceModel):
    invoice_id = models.IntegerField(primary_key=True)
    customer_id = models.IntegerField()
    invoice_date = models.DateTimeField()
    billing_address = models.CharField(max_length=70, null=True)
    billing_city = models.CharField(max_length=40, null=True)
    billing_state = models.CharField(max_length=40, null=True)
    billing_country = models.CharField(max_length=40, null=True)
    billing_postal_code = models.CharField(max_length=10, null=True)
    total = models.DecimalField(max_digits=10, decimal_places=2)

    class Meta:
        db_table = "chinook_invoice"


class InvoiceLine(SourceModel):
    invoice_line_id = models.IntegerField(primary_key=True)
    invoice_id = models.IntegerField()
    track_id = models.IntegerField()
    unit_price = models.DecimalField(max_digits=10, decimal_places=2)
    quantity = models.IntegerField()

    class Meta:
        db_table = "chinook_invoice_line"


class Reading(SourceModel):
    """What databases have that Chinook has not: a time of change, and awkward values."""

    id = models.BigIntegerField(primary_key=True)
    name = models.CharField(max_length=40, null=True)
    amount = models.DecimalField(max_digits=38, decimal_places=10, null=True)
    big = models.DecimalField(max_digits=20, decimal_places=0, null=True)
    flags = models.IntegerField(null=True)
    owner_id = models.IntegerField(null=True)
    took = models.DurationField(null=True)
    photo = models.BinaryField(null=True)
    added_on = models.DateTimeField(null=True)
    updated_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "chinook_reading"
