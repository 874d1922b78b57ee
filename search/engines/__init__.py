"""The adapters of the SearchIndex port."""
