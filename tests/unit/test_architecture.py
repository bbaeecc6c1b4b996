"""Imports point one way, and the engine knows nothing of how it is served."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

# Lower layers never import higher ones. A module belongs to the longest prefix that fits.
LAYERS = {
    "tts_core": 0,
    "tts_core.errors": 0,
    "tts_core.config": 1,
    "tts_core.request": 1,
    "tts_core.voice": 1,
    "tts_core.stats": 1,
    "tts_core.audio": 1,
    "tts_core.frontend": 2,
    "tts_core.models": 3,
    "tts_core.engine.chunks": 2,
    "tts_core.engine.stream": 2,
    "tts_core.engine.protocol": 2,
    "tts_core.engine.work": 2,
    "tts_core.engine": 4,
    "tts_core.engine.assembly": 5,
    "tts_core.engine.identity": 5,
    "tts_core.engine.async_engine": 6,
    "tts_core.voices": 2,
    "tts_core.models.formant.engine": 4,
    "tts_core.models.formant.local": 4,
    "deployments.config": 7,
    "deployments.speech": 7,
    "deployments.metrics": 7,
    "deployments.metrics.ray_recorder": 9,
    "deployments.tracing": 9,
    "deployments.tracing.untraced": 7,
    "deployments.keys": 8,
    "deployments.http": 8,
    "deployments.websocket": 8,
    "deployments": 9,
    "polyvox": 10,
}

FORBIDDEN_IN_CORE = {"ray", "fastapi", "starlette", "uvicorn", "httpx", "typer", "rich"}
FORBIDDEN_AT_THE_EDGE = {"ray"}


def sources(package: str) -> Iterator[Path]:
    return (ROOT / package).rglob("*.py")


def module_name(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(part for part in parts if part != "__init__")


def imports(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            assert node.level == 0, f"{path}: relative imports hide the direction of a dependency"
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def layer(module: str) -> int | None:
    parts = module.split(".")
    for size in range(len(parts), 0, -1):
        level = LAYERS.get(".".join(parts[:size]))
        if level is not None:
            return level
    return None


def uphill(path: Path) -> list[str]:
    own = layer(module_name(path))
    assert own is not None, f"{path} belongs to no layer"
    return [name for name in imports(path) if (target := layer(name)) is not None and target > own]


@pytest.mark.parametrize("package", ["tts_core", "deployments", "polyvox"])
def test_imports_point_one_way(package: str) -> None:
    wrong = {str(path.relative_to(ROOT)): names for path in sources(package) if (names := uphill(path))}
    assert not wrong


def foreign(path: Path, forbidden: set[str]) -> list[str]:
    return [name for name in imports(path) if name.split(".")[0] in forbidden]


def test_the_core_knows_nothing_of_serving() -> None:
    wrong = {str(path): names for path in sources("tts_core") if (names := foreign(path, FORBIDDEN_IN_CORE))}
    assert not wrong


def test_the_http_edge_knows_nothing_of_ray() -> None:
    edge = [
        *sources("deployments/http"),
        *sources("deployments/keys"),
        *sources("deployments/websocket"),
        ROOT / "deployments/speech.py",
        ROOT / "deployments/config.py",
    ]
    wrong = {str(path): names for path in edge if (names := foreign(path, FORBIDDEN_AT_THE_EDGE))}
    assert not wrong


def test_an_uphill_import_is_noticed(tmp_path: Path) -> None:
    assert layer("tts_core.errors") == 0
    assert layer("deployments.http.openai") == 8
    assert layer("deployments.ingress") == 9
    assert layer("numpy") is None


def test_espeak_stays_behind_its_boundary() -> None:
    boundary = ROOT / "tts_core/models/formant"
    users = [
        path
        for package in ("tts_core", "deployments", "polyvox")
        for path in sources(package)
        if any(name.split(".")[0] == "espeakng_loader" for name in imports(path))
    ]
    assert users
    assert all(boundary in path.parents for path in users)


def test_one_place_says_how_many_threads_torch_uses() -> None:
    """Where a thread sets that by itself, it may be undone by what another one sets."""
    setters = [path for path in sources("tts_core") if "set_num_threads(" in path.read_text("utf-8")]
    assert [module_name(path) for path in setters] == ["tts_core.torch_threads"]
