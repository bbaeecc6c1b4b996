"""What `polyvox doctor` looks at. None loads torch into this process."""
