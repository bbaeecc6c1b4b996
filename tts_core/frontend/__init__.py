"""Text to segments to phones. Engine-independent parts (`segmenter`) and GPT-SoVITS's own (`pipeline`)."""
