"""The findings, worded: a module a kind of document."""
