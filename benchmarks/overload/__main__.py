from __future__ import annotations

from benchmarks.overload.cli import main

if __name__ == "__main__":
    main()
