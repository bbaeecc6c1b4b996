"""What turns requests into streams of PCM, whatever the model."""
