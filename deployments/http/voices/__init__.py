"""Voices over HTTP: uploaded, inspected, previewed, deleted."""
