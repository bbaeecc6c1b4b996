"""How fast text becomes phones, how long a language takes to load, and what it weighs."""
