"""The HTTP edge: dialects, limits, errors, and writing audio to listeners. Knows nothing of Ray."""
