"""The steps of the ingest pipeline, one verb in each file."""
