"""Retention schedules (TRD): versions, import, the class of each document, and the model that learns from decisions."""
