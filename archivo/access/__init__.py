"""People, roles, access classes: who may do and see what."""
