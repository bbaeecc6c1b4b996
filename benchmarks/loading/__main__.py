from __future__ import annotations

from benchmarks.loading.cli import main

if __name__ == "__main__":
    main()
