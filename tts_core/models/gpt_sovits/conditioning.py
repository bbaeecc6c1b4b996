"""What a segment is spoken from: its pieces of text, their phones, BERT's features, and a voice's prompt."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple, Protocol

import torch
from torch import Tensor

from tts_core.errors import EmptyInput, InputTooLong, UnsupportedLanguage
from tts_core.frontend.cut import MAX_PIECE_CHARS, cut_text
from tts_core.frontend.lexicon import Lexicon, rejoin
from tts_core.frontend.pipeline import PhoneSequence, PhoneSpan, holds_speech, phonemize
from tts_core.frontend.protocol import Readings
from tts_core.frontend.segmenter import split_long
from tts_core.models.gpt_sovits.decoding import DecodeInputs
from tts_core.models.gpt_sovits.features import PhoneFeatures
from tts_core.models.gpt_sovits.loaded_model import LoadedModel
from tts_core.models.gpt_sovits.sovits import Style
from tts_core.request import Segment

_MIN_CHARS = 5
_MAX_PIECE_LETTERS = 240
"""About 16 s of speech, by the segmenter's count of how long characters take to say."""
_COMMON = re.compile("[0-9A-Za-z\u3041-\u3096\u30a1-\u30fa\u4e00-\u9fff\uac00-\ud7a3]")
"""What can be said wherever its script is read."""


class Prompt(Protocol):
    """What T2S continues: what a voice's reference recording says."""

    @property
    def tokens(self) -> Tensor:
        """(T,) semantic tokens of the first reference."""

    @property
    def phones(self) -> Sequence[int] | Tensor:
        """Ids of the phones of its text."""

    @property
    def bert(self) -> Tensor:
        """(bert_dim, phones) features of them."""


class PromptFeatures(Prompt, Protocol):
    """What a model remembers of a voice's reference recordings."""

    @property
    def spectrograms(self) -> Sequence[Tensor]:
        """(bins, frames) of every reference."""

    @property
    def speakers(self) -> Sequence[Tensor]:
        """(speaker_channels,) of every reference in the Pro versions; none in the others."""


def pieces_of(segments: Sequence[Segment], language: str) -> list[str]:
    """Return what the model speaks one by one: the segments by the reference's rules for pieces.

    Segments shorter than 5 characters join the next one (the last joins the one before); each then gets an
    end mark where it lacks one, and a full stop before a first clause that might be swallowed. One of
    several lines, or that takes longer to say than the model speaks well at a stretch, becomes several. One
    without a letter or digit becomes none.
    """
    joined: list[str] = []
    pending = ""
    for segment in segments:
        pending += segment.text
        if len(pending.strip()) >= _MIN_CHARS:
            joined.append(pending)
            pending = ""
    if pending and joined:
        joined[-1] += pending
    elif pending:
        joined.append(pending)
    return [piece for text in joined for piece in _pieces(text, language)]


def _pieces(text: str, language: str) -> list[str]:
    pieces = cut_text(text.strip(), language, "cut0")
    return rejoin(part for piece in pieces for part in split_long(piece, _MAX_PIECE_LETTERS))


class Piece(NamedTuple):
    """What is spoken at a stretch.

    Attributes:
        text: of which something can be said.
        num_left_out: letters and digits between the piece before it and this one; after the last one, too.
    """

    text: str
    num_left_out: int


def sayable(
    texts: Sequence[str], language: str, version: str, lexicon: Lexicon, readings: Readings = "natural"
) -> list[Piece]:
    """Return the pieces that hold something to say in their language, and count what the others hold.

    Raises:
        EmptyInput: there is none.
        UnsupportedLanguage: the model's version doesn't speak the language, or one in an "auto" text.
    """
    kept: list[Piece] = []
    num_left_out = 0
    for text in texts:
        if _is_sayable(text, language, version, lexicon, readings):
            kept.append(Piece(text, num_left_out))
            num_left_out = 0
        else:
            num_left_out += sum(char.isalnum() for char in text)
    if not kept:
        raise EmptyInput(f"the text holds nothing that can be spoken in language {language!r}", param="input")
    kept[-1] = kept[-1]._replace(num_left_out=kept[-1].num_left_out + num_left_out)
    return kept


def _is_sayable(text: str, language: str, version: str, lexicon: Lexicon, readings: Readings) -> bool:
    """Read what its script alone doesn't tell of: marks such as ー, rare characters, words of the lexicon."""
    is_likely = holds_speech(text, language, version, readings)
    if is_likely and _COMMON.search(text):
        return True
    if not is_likely and not lexicon:
        return False
    try:
        return bool(phonemize(text, language, version, lexicon, readings))
    except EmptyInput:
        return False


def read_piece(text: str, language: str, model: LoadedModel, lexicon: Lexicon | None = None) -> PhoneSequence:
    """Return a piece's phones for a model; `lexicon` has the words whose phones were given.

    Raises:
        EmptyInput, UnsupportedLanguage: as `phonemize`.
        UnsupportedLanguage: it needs BERT, which the model was loaded without.
        InputTooLong: it is more than BERT takes, read out in full.
    """
    sequence = phonemize(text, language, model.version, lexicon, model.readings)
    for span in sequence.spans:
        if span.word2ph is not None:
            _check_span(span, model)
    return sequence


def _check_span(span: PhoneSpan, model: LoadedModel) -> None:
    if model.phone_features is None:
        raise UnsupportedLanguage(
            f"language {span.language!r} needs BERT, and model {model.name!r} was loaded without it",
            param="language",
        )
    if len(span.text) > MAX_PIECE_CHARS:
        raise InputTooLong(
            f"BERT takes {MAX_PIECE_CHARS} characters at once, not {len(span.text)}", param="input"
        )


@torch.inference_mode()
def phone_features(sequence: PhoneSequence, model: LoadedModel) -> Tensor:
    """Return (phones, bert_dim): BERT's features for Chinese spans, zeros for all others."""
    rows = [_span_features(span, model.phone_features, model) for span in sequence.spans]
    return torch.cat(rows)


def _span_features(span: PhoneSpan, features: PhoneFeatures | None, model: LoadedModel) -> Tensor:
    if span.word2ph is None or features is None:
        return torch.zeros(span.num_phones, model.t2s.config.bert_dim, dtype=model.dtype, device=model.device)
    return features(span.text, span.word2ph)


@torch.inference_mode()
def decode_inputs(sequence: PhoneSequence, prompt: Prompt, model: LoadedModel) -> DecodeInputs:
    """Put a voice's prompt before a piece's phones, as T2S reads them."""
    device = model.device
    ids = (*map(int, prompt.phones), *sequence.ids)
    bert = torch.cat((prompt.bert.T.to(device, model.dtype), phone_features(sequence, model).to(model.dtype)))
    return DecodeInputs(
        phones=torch.tensor(ids, device=device),
        bert=bert,
        prompt=prompt.tokens.to(device, torch.long),
    )


def style_of(prompt: PromptFeatures, model: LoadedModel) -> Style:
    """Return the style of a voice, from all its references."""
    spectrograms = [spectrogram[None].to(model.device) for spectrogram in prompt.spectrograms]
    speakers = [speaker[None].to(model.device) for speaker in prompt.speakers]
    return model.sovits.style.encode(spectrograms, speakers)
