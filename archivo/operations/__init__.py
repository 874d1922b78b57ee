"""Jobs, health and doctor: what an operator sees."""
