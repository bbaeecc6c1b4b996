"""The proof that nobody hears their neighbours: every concurrent answer against the same request made alone.

Run it with `python -m benchmarks.isolation URL ...`, or call `runner.run_isolation` from another suite.
"""
