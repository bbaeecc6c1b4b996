"""What too many listeners do to those who are admitted, and how fast the others are told.

Run it with `python -m benchmarks.overload URL --slots N`.
"""
