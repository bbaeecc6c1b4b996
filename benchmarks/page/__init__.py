"""What somebody in front of the page waits for."""
