"""What can speak: `formant` (espeak-ng, no weights) and `gpt_sovits`."""
