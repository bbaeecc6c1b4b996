"""`python -m polyvox`: the command line without an installed script."""

from polyvox.cli import main

main()
