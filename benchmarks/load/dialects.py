"""The two request dialects: OpenAI's `/v1/audio/speech` and GPT-SoVITS api_v2's `/tts`."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit, urlunsplit

from benchmarks.load.schedule import Plan
from benchmarks.load.settings import Target

_FASTEST_MODE = 3
_API_V2_MEDIA = {"pcm": "raw", "wav": "wav"}


def endpoint(target: Target) -> str:
    """Return the full URL to post to. A URL that already ends in the route, or in `/v1`, is understood."""
    parts = urlsplit(target.url)
    path = parts.path.rstrip("/")
    route = "/v1/audio/speech" if target.api == "openai" else "/tts"
    if path.endswith(route):
        route = ""
    elif path.endswith("/v1"):
        route = route.removeprefix("/v1")
    return urlunsplit((parts.scheme, parts.netloc, path + route, parts.query, ""))


def request_body(target: Target, plan: Plan) -> dict[str, Any]:
    """Return the JSON body of one request, with the target's extra fields laid over it."""
    build = _openai_body if target.api == "openai" else _api_v2_body
    return {**build(target, plan), **target.extra}


def request_headers(target: Target) -> dict[str, str]:
    """Return the headers of every request. Bodies must come as sent: no content coding."""
    headers = {"Accept": "*/*", "Accept-Encoding": "identity", "User-Agent": "polyvox-load"}
    if target.api_key is not None:
        headers["Authorization"] = f"Bearer {target.api_key}"
    return headers


def _openai_body(target: Target, plan: Plan) -> dict[str, Any]:
    # Fields that OpenAI doesn't have are sent only where they say something: its own server refuses them.
    extensions = {
        "low_latency": target.low_latency or None,
        "ignore_eos": target.ignore_eos or None,
        "min_tokens": target.min_tokens,
        "max_tokens": target.max_tokens,
    }
    return {
        "model": target.model,
        "input": plan.sentence.text,
        "voice": plan.voice,
        "response_format": target.audio_format,
        **{name: value for name, value in extensions.items() if value is not None},
    }


def _api_v2_body(target: Target, plan: Plan) -> dict[str, Any]:
    # The reference server refuses an empty prompt_lang; "auto" holds whatever the recording speaks.
    return {
        "text": plan.sentence.text,
        "text_lang": plan.sentence.lang,
        "ref_audio_path": plan.voice,
        "prompt_lang": "auto",
        "prompt_text": "",
        "media_type": _API_V2_MEDIA[target.audio_format],
        "streaming_mode": _FASTEST_MODE if target.low_latency else target.streaming_mode,
    }
