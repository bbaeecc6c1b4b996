from __future__ import annotations

from benchmarks.timestamps.cli import main

if __name__ == "__main__":
    main()
