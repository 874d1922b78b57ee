"""Receiving: deposit, manifest, the processing of a document, what needs a person."""
