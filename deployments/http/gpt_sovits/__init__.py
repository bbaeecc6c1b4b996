"""GPT-SoVITS's own dialects: `api_v2`, `api.py`, and those of the front ends that were built on them.

Their clients send strings for everything and something empty for what they don't set, name files of a server
that isn't this one, and know no voices. What they ask for is spoken, or refused in the two keys that they
read; none of their paths is ever opened.
"""
