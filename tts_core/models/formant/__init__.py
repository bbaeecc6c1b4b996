"""Speech from espeak-ng: a hundred languages, no weights, and every utterance in a process of its own."""
