"""A load generator for speech servers: many listeners, each timed from its scheduled arrival.

Run it with `python -m benchmarks.load URL ...`, or call `runner.run_load` from another suite.
"""
