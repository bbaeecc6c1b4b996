"""Which requests belong to GPT-SoVITS's dialects. For whoever has to know before a route is found."""

from __future__ import annotations

from urllib.parse import parse_qs

from starlette.types import Scope

PATHS = frozenset(
    {
        "/",
        "/tts",
        "/set_gpt_weights",
        "/set_sovits_weights",
        "/set_refer_audio",
        "/set_model",
        "/change_refer",
        "/control",
        "/speakers",
        "/character_list",
        "/infer_single",
    }
)
RESULTS = "/infer_single/results/"
"""Before the token that stands for a result: the address itself is what lets its holder in."""

_SPEAKING = frozenset({"text", "text_language", "text_lang", "refer_wav_path", "ref_audio_path"})


def is_gpt_sovits(path: str) -> bool:
    """Whether a path, without any prefix, is answered in the shapes of these dialects."""
    return path in PATHS or path.startswith(RESULTS)


def speaks_at_root(scope: Scope) -> bool:
    """Whether a request for `/` wants speech, and not the page."""
    if scope["method"] in ("GET", "HEAD"):
        query = parse_qs(scope["query_string"].decode("latin-1"), keep_blank_values=True)
        return scope["method"] == "GET" and not _SPEAKING.isdisjoint(query)
    return True
