"""Names for all that decides which bytes a request becomes: what differs is never taken for the same."""

from __future__ import annotations

import functools
import hashlib
import platform
from importlib import metadata
from pathlib import Path

DIGITS = 32
_JOINT = "-"
_CPU_INFO = Path("/proc/cpuinfo")


def digest(*parts: str) -> str:
    """Return one name, of 32 hex digits, for all parts in their order."""
    whole = b"".join(framed(part.encode("utf-8", "surrogatepass")) for part in parts)
    return hashlib.sha256(whole).hexdigest()[:DIGITS]


def joined(sound: str, rest: str) -> str:
    """Return the fingerprint of what sounds by one digest, and has its bits by both."""
    return f"{sound}{_JOINT}{rest}"


def sound_alike(one: str, other: str) -> bool:
    """Whether two fingerprints name the same voice and weights, on whichever machines."""
    return one.partition(_JOINT)[0] == other.partition(_JOINT)[0]


def framed(data: bytes) -> bytes:
    """Return data behind its length, which keeps ("ab", "c") apart from ("a", "bc")."""
    return b"%d %b" % (len(data), data)


def versions(*packages: str) -> str:
    """Return which versions of these packages are installed, if they are."""
    return " ".join(f"{package}={_version(package)}" for package in packages)


@functools.cache
def cpu() -> str:
    """Return what kind of CPU this is: libraries choose their code, and so the order of their sums, by it."""
    try:
        lines = _CPU_INFO.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:  # not Linux
        lines = []
    models = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return f"{platform.machine()} {next(models, platform.processor())}"


def _version(package: str) -> str:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return "none"
