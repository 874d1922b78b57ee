"""Find text a reader may see: entries in, scoped ranked results out."""
