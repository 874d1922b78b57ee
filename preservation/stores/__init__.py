"""The adapters of the ObjectStore port."""
