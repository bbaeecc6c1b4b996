from __future__ import annotations

from benchmarks.frontend.cli import main

if __name__ == "__main__":
    main()
