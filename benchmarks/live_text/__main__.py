from __future__ import annotations

from benchmarks.live_text.cli import main

if __name__ == "__main__":
    main()
