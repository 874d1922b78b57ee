"""Judging packages that others made, by the text of their standards: what is read, what is asked, how it is told."""
