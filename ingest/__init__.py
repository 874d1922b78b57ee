"""From received bytes to a checked, readable document. One step, one PREMIS event."""
