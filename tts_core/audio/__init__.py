"""Sound as bytes: PCM, resampling, encoding to what listeners ask for, decoding what they send."""
