"""How soon live text is heard, and how soon it falls silent."""
