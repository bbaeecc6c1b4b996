"""Speech of text that is still being written: WebSockets, in our own protocol and in ElevenLabs' shape."""
