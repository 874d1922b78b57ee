"""Alembic: the tables, version by version."""
