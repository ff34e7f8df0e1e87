"""The reference project: a deployable Django project around the app."""
