"""Leads of 95 columns, from MariaDB into PostgreSQL: this product beside tools that copy databases."""
