"""What tests share: a running server, listeners, decoders that are not the project's own."""
