"""The speech engine: text in, PCM out. Knows nothing of Ray, HTTP or processes other than its own."""

__version__ = "0.1.1"
