"""Keeping what is held: fixity of the packages, and their way out."""
