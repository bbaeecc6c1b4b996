"""`python -m polyvox.announce URL`: say when a starting server would speak. `serve run` itself doesn't."""

from __future__ import annotations

import sys
import time

import httpx

PATIENCE_S = 300.0
PAUSE_S = 0.5


def announce(url: str, patience_s: float = PATIENCE_S) -> bool:
    """Ask `/readyz` until it answers 200, and say so. Returns whether it did."""
    deadline = time.monotonic() + patience_s
    while time.monotonic() < deadline:
        try:
            if httpx.get(f"{url}/readyz", timeout=5).status_code == 200:
                print(f"\nPolyvox is ready: {url}\n", flush=True)
                return True
        except httpx.HTTPError:
            pass
        time.sleep(PAUSE_S)
    print(f"\nPolyvox did not become ready within {patience_s:g} s\n", file=sys.stderr, flush=True)
    return False


if __name__ == "__main__":
    sys.exit(not announce(sys.argv[1]))
