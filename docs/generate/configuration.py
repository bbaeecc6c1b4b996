"""Everything that `serve_config.yaml` may say under `args`, from the models that read it."""

from __future__ import annotations

from deployments.config import AppArgs
from docs.generate.markdown import code, prose, table
from docs.generate.schema import Schema, fields

_HEAD = """# Configuration

What `serve_config.yaml` may say under `args`. `polyvox doctor` reads it and tells what is wrong; a key that
isn't listed here is refused.
"""


def page() -> str:
    """Return the page."""
    schema = AppArgs.model_json_schema()
    definitions = schema.get("$defs", {})
    parts = [_HEAD, _describe("args", schema, definitions)]
    parts.extend(
        _describe(name, one, definitions) for name, one in definitions.items() if "properties" in one
    )
    return "\n".join(parts)


def _describe(name: str, schema: Schema, definitions: Schema) -> str:
    rows = [(key, kind, default) for key, kind, default, _ in fields(schema, definitions)]
    return "\n".join(
        (
            f"## {code(name)}\n",
            prose(schema.get("description")) + "\n",
            table(("key", "type", "default"), rows),
        )
    )
