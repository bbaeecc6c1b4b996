"""What can be wrong with a voice over HTTP, beside the recording itself."""

from __future__ import annotations

from tts_core.errors import PolyvoxError


class NoVoiceStore(PolyvoxError):
    """None of the server's models clones voices, so it keeps none."""

    code = "no_voice_store"


class UploadsDisabled(PolyvoxError):
    """The configuration doesn't let voices be added or deleted over HTTP."""

    code = "uploads_disabled"


class VoiceLimitReached(PolyvoxError):
    """The server, or the key, has as many voices as it may."""

    code = "voice_limit_reached"


class NotYourVoice(PolyvoxError):
    """Only the key that added a voice, or an admin's, may delete it."""

    code = "not_your_voice"


class ForeignOrigin(PolyvoxError):
    """A web page of another origin asks, on behalf of somebody who may not know of it."""

    code = "foreign_origin"


class MediaTypeUnsupported(PolyvoxError):
    """The body is neither a form nor JSON."""

    code = "unsupported_media_type"


class VoiceStoreFull(PolyvoxError):
    """There is no room left for a voice; nothing of it was kept."""

    code = "voice_store_full"


class VoiceStoreReadOnly(PolyvoxError):
    """This server may read voices, and not change them."""

    code = "voice_store_read_only"


class VoiceStoreFailed(PolyvoxError):
    """Where voices are kept can't be reached, or fails."""

    code = "voice_store_failed"
