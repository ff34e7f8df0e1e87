from django.db import models
from django.db.models.functions import Upper

from ingestion.models import SourceModel


class ShopCustomer(SourceModel):
    id = models.CharField(max_length=20, primary_key=True)
    name = models.CharField(max_length=30)
    email = models.EmailField(null=True)
    city = models.CharField(max_length=50, null=True)
    balance = models.DecimalField(max_digits=12, decimal_places=2, null=True)
    visits = models.IntegerField(default=0)
    vip = models.BooleanField(default=False)
    tags = models.JSONField(null=True)
    note = models.TextField(blank=True, default="")
    updated_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "shop_customer"


class ShopOrder(SourceModel):
    number = models.IntegerField(unique=True)
    customer = models.ForeignKey(ShopCustomer, models.CASCADE, null=True, related_name="orders")
    status = models.CharField(max_length=20, default="open")
    updated_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "shop_order"


class ShopOrderLine(models.Model):
    order = models.ForeignKey(ShopOrder, models.CASCADE, related_name="lines")
    place = models.IntegerField()
    article = models.CharField(max_length=40)
    quantity = models.IntegerField()

    class Meta:
        db_table = "shop_order_line"
        constraints = [models.UniqueConstraint(fields=["order", "place"], name="shop_line_place")]


class ShopStock(SourceModel):
    """A composite key, and every kind of column."""

    shop = models.IntegerField()
    article = models.CharField(max_length=40)
    amount = models.FloatField(null=True)
    price = models.DecimalField(max_digits=20, decimal_places=4, null=True)
    code = models.UUIDField(null=True, unique=True)
    counted_on = models.DateField(null=True)
    counted_at = models.TimeField(null=True)
    took = models.DurationField(null=True)
    photo = models.BinaryField(null=True)
    address = models.GenericIPAddressField(null=True)
    details = models.JSONField(default=dict)
    big = models.BigIntegerField(null=True)
    active = models.BooleanField(null=True)
    changed_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "shop_stock"
        constraints = [models.UniqueConstraint(fields=["shop", "article"], name="shop_stock_key")]


class ShopCategory(SourceModel):
    """Refers to itself, and has columns that Django fills, or the database."""

    id = models.CharField(max_length=20, primary_key=True)
    title = models.CharField(max_length=30)
    parent = models.ForeignKey("self", models.CASCADE, null=True, related_name="below")
    entered_at = models.DateTimeField(auto_now_add=True)
    touched_at = models.DateTimeField(auto_now=True)
    shelf = models.IntegerField(db_default=7)
    shown_as = models.GeneratedField(
        expression=Upper("title"), output_field=models.CharField(max_length=30), db_persist=True
    )

    class Meta:
        db_table = "shop_category"


class ShopReview(models.Model):
    """A child row with a parent of its own besides."""

    category = models.ForeignKey(ShopCategory, models.CASCADE, related_name="reviews")
    place = models.IntegerField()
    customer = models.ForeignKey(ShopCustomer, models.CASCADE)

    class Meta:
        db_table = "shop_review"
        constraints = [models.UniqueConstraint(fields=["category", "place"], name="shop_review_place")]
