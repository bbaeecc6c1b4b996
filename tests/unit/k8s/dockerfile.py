"""A Dockerfile as its stages: enough of its syntax to ask what a target runs as, and from what."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

Instruction = tuple[str, str]

_FROM = re.compile(r"(?P<base>\S+)(?:\s+AS\s+(?P<name>\S+))?$", re.IGNORECASE)
_SENSITIVE = re.compile(r"\w*(?:PASSWORD|SECRET|TOKEN|API_?KEY|CREDENTIAL)\w*", re.IGNORECASE)


@dataclass
class Stage:
    """One `FROM` and what follows it.

    Attributes:
        base: an image, or an earlier stage.
        instructions: keyword and arguments, in order, lines joined.
    """

    base: str
    name: str
    instructions: list[Instruction] = field(default_factory=list)

    def all(self, keyword: str) -> list[str]:
        return [arguments for word, arguments in self.instructions if word == keyword]


def stages(text: str) -> dict[str, Stage]:
    """Return a Dockerfile's stages by name, in order."""
    found: dict[str, Stage] = {}
    for keyword, arguments in instructions(text):
        if keyword == "FROM":
            match = _FROM.match(arguments)
            assert match, arguments
            name = match["name"] or str(len(found))
            found[name] = Stage(match["base"], name)
        elif found:
            next(reversed(found.values())).instructions.append((keyword, arguments))
    return found


def instructions(text: str) -> list[Instruction]:
    """Return the instructions, without comments, each on one line."""
    lines = [line for line in text.splitlines() if not line.lstrip().startswith("#")]
    joined = re.sub(r"\\\n\s*", "", "\n".join(lines))
    parts = (line.split(None, 1) for line in joined.splitlines() if line.strip())
    return [(keyword.upper(), arguments.strip()) for keyword, arguments in parts]


def lineage(found: dict[str, Stage], name: str) -> list[Stage]:
    """Return a target's stages, from the one on an image to the target itself."""
    stage = found[name]
    is_on_a_stage = stage.base in found and stage.base != name  # `FROM python AS python` is on the image
    return [*lineage(found, stage.base), stage] if is_on_a_stage else [stage]


def problems(text: str, target: str) -> list[str]:
    """Return what is wrong with the image that a target makes."""
    line = lineage(found := stages(text), target)
    said = []
    users = [user for stage in line for user in stage.all("USER")]
    if not users or users[-1].split(":")[0] in ("0", "root") or not users[-1].split(":")[0].isdigit():
        said.append("doesn't run as a user with a number of its own")
    if not any(stage.all("HEALTHCHECK") for stage in line):
        said.append("has no health check")
    if re.search(r":latest\b", line[0].base) or ":" not in line[0].base:
        said.append(f"starts from {line[0].base}, which changes")
    for stage in found.values():
        said += [
            f"{word} {name}"
            for word in ("ARG", "ENV")
            for name in _SENSITIVE.findall(" ".join(stage.all(word)))
        ]
        said += [f"COPY {what}" for what in stage.all("COPY") if what.split()[0] in (".", "./")]
    return said
