"""The subcommands of `polyvox`, one module each."""
