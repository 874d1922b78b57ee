"""Append-only trail of who did what, hash-chained."""
