"""Who may ask, how much, and in which order: API keys, their limits, and turns while there is no room."""
