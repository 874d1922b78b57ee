"""Fonds and producing entities, documents and their versions, representations, parts and events."""
