"""Keep packages intact for decades: store, verify, describe, export. Speaks OAIS, OCFL, PREMIS."""
