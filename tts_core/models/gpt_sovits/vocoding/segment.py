"""All state of one segment between its tokens and its PCM; no word of threads, streams or neighbours."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence

import torch
from torch import Tensor

from tts_core.engine.work import Work
from tts_core.models.gpt_sovits.sovits import SoVITS, cut_window
from tts_core.models.gpt_sovits.vocoding.joining import crossfade
from tts_core.models.gpt_sovits.vocoding.pcm import to_pcm
from tts_core.models.gpt_sovits.vocoding.plan import SegmentPlan, Span
from tts_core.models.gpt_sovits.vocoding.shaping import SegmentVoice, anchored_latents_of, latents_of
from tts_core.models.gpt_sovits.vocoding.windows import WindowInputs


class SegmentVocoder:
    """Takes a segment from tokens to PCM. Its bytes depend on its tokens and arguments, never on timing.

    Ask `due`; then call `shape` or `next_window`, run the generator, and `accept` its audio. Several windows
    may be out at once; their audio comes back in the order in which they were cut.

    Args:
        sovits: computes the latents; the generator is the caller's to run.
        is_first: whether it is the request's first segment, which someone is waiting for.
        low_latency: whether to speak before the tokens are complete.
        num_known: samples that whoever listens has already. Windows of nothing else are left out, but for
            the last one.

    Attributes:
        num_left_out: samples that were left out; its PCM begins after them.
    """

    def __init__(
        self, sovits: SoVITS, voice: SegmentVoice, *, is_first: bool, low_latency: bool, num_known: int = 0
    ) -> None:
        self._sovits, self._voice = sovits, voice
        self._num_known, self.num_left_out = num_known, 0
        self._plan = SegmentPlan(voice.speed, is_first=is_first, low_latency=low_latency)
        self._latents: Tensor | None = None
        self._kept: Tensor | None = None
        self._to_cut: deque[Span] = deque()
        self._to_accept: deque[Span] = deque()
        self._is_shaped = False

    @property
    def is_finished(self) -> bool:
        """Whether all of its PCM has been given."""
        return self._is_shaped and not self._to_cut and not self._to_accept

    @property
    def window_frames(self) -> int:
        """Frames of the next window, or 0 if none is due."""
        return self._to_cut[0].size if self._to_cut else 0

    def due(self, num_codes: int, is_complete: bool) -> Work | None:
        """Return what can be done now, or None: it needs more tokens, or audio that is being made.

        Cheap, and free of side effects: ask as often as you like.

        Args:
            num_codes: tokens that the segment has by now.
            is_complete: whether no more will come.
        """
        if self._to_cut:
            return Work.WINDOW
        if self._is_shaped:
            return None
        return Work.SHAPE if is_complete or self._plan.has_early(num_codes) else None

    def shape(self, codes: Sequence[int], is_complete: bool) -> None:
        """Compute the latents that are due: of a prefix of a fixed length, or of the whole segment.

        Args:
            codes: all tokens that the segment has by now, without the prompt's.

        Raises:
            RuntimeError: that isn't due.
        """
        self._require(self.due(len(codes), is_complete) is Work.SHAPE, "latents aren't due")
        if self._plan.has_early(len(codes)):
            prefix = codes[: self._plan.next_cut]
            self._latents = anchored_latents_of(self._sovits, self._voice, prefix)
            self._to_cut.append(self._plan.take_early())
            return
        is_whole = not self._plan.has_begun
        shape = latents_of if is_whole else anchored_latents_of
        self._latents = shape(self._sovits, self._voice, codes)
        self._to_cut.extend(self._plan.take_rest(self._latents.shape[2]))
        self._is_shaped = True
        if is_whole:  # else there was audio before, to which this is joined
            self._leave_out_known()

    def _leave_out_known(self) -> None:
        while len(self._to_cut) > 1:
            num_samples = self._to_cut[0].num_frames * self._sovits.config.hop_samples
            if self.num_left_out + num_samples > self._num_known:
                break
            self.num_left_out += num_samples
            self._to_cut.popleft()

    def next_window(self) -> WindowInputs:
        """Cut the next window, for one row of a call to the generator.

        Raises:
            RuntimeError: none is due.
        """
        self._require(bool(self._to_cut), "no window is due")
        assert self._latents is not None
        span = self._to_cut.popleft()
        self._to_accept.append(span)
        context = self._sovits.generator.receptive_field_frames
        window = cut_window(self._latents, span.start, span.size, context)
        return WindowInputs(window.latents, window.mask, self._voice.style.audio, span.size, context)

    def accept(self, audio: Tensor) -> bytes:
        """Return the PCM that this audio of the earliest window still out makes ready, perhaps none.

        Args:
            audio: (size x hop,) float32, what lies beyond the segment's end included.

        Raises:
            RuntimeError: no window is out.
            FloatingPointError: the model gave no finite audio.
        """
        self._require(bool(self._to_accept), "no window is out")
        span = self._to_accept.popleft()
        hop = self._sovits.config.hop_samples
        real = audio[: span.num_frames * hop]
        if not real.isfinite().all():
            raise FloatingPointError(f"the model's audio is not finite from frame {span.start}")
        if self._kept is not None:
            count = len(self._kept)
            real = torch.cat((crossfade(self._kept, real[:count]), real[count:]))
        heard = (span.num_frames - span.num_kept) * hop
        self._kept = real[heard:] if span.num_kept else None
        return to_pcm(real[:heard])

    @staticmethod
    def _require(condition: bool, otherwise: str) -> None:
        if not condition:
            raise RuntimeError(otherwise)
