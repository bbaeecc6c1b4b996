"""What those who listen to one model notice while another one is loaded in the same process.

Run it with `python -m benchmarks.loading WEIGHTS`.
"""
