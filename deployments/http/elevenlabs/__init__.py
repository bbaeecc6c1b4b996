"""ElevenLabs' HTTP dialect, and what its WebSockets share with it.

Written after the public description of the API and what its clients send. Differences are told in
docs/elevenlabs.md.
"""
