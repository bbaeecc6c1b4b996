"""The few functions of libespeak-ng and of the libsonic inside it, called through ctypes.

Knows nothing of processes, sockets or requests. libespeak-ng keeps its state in globals, and part of it
(pitch flutter, gain control, noise) outlives every reset that its interface offers: whoever wants the same
bytes twice must call `speak` once, in a fresh image of the process. `host` sees to that.
"""

from __future__ import annotations

import ctypes
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

SAMPLE_RATE_HZ = 22050
_BUFFER_MS = 60  # the least that the library accepts: audio is handed over in pieces of this length
_OUTPUT_SYNCHRONOUS = 2
_DONT_EXIT = 0x8000
_RATE, _PITCH, _PITCH_RANGE = 1, 3, 4
_CHARS_UTF8 = 0x1
_END_PAUSE = 0x1000
_NOISE_SEED = 1
_NO_EVENT, _WORD_EVENT = 0, 1

NoteWord = Callable[[int, int], None]
"""Told the index of a word's first character in the text, and the sample at which it begins."""

_SynthCallback = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_int, ctypes.c_void_p)


class _Voice(ctypes.Structure):
    _fields_ = (
        ("name", ctypes.c_char_p),
        ("languages", ctypes.c_void_p),
        ("identifier", ctypes.c_char_p),
        ("gender", ctypes.c_ubyte),
        ("age", ctypes.c_ubyte),
        ("variant", ctypes.c_ubyte),
        ("reserved", ctypes.c_ubyte),
        ("score", ctypes.c_int),
        ("spare", ctypes.c_void_p),
    )


class _Event(ctypes.Structure):
    _fields_ = (
        ("kind", ctypes.c_int),
        ("identifier", ctypes.c_uint),
        ("text_position", ctypes.c_int),  # in characters, from 1
        ("length", ctypes.c_int),
        ("audio_position_ms", ctypes.c_int),
        ("sample", ctypes.c_int),  # of the whole utterance
        ("user_data", ctypes.c_void_p),
        ("id", ctypes.c_char * 8),
    )


class VoiceFile(NamedTuple):
    """One voice as the library lists it: the file's path below its folder, a human name, language names."""

    file: str
    name: str
    languages: tuple[str, ...]


class Utterance(NamedTuple):
    """What to speak, in the library's own units.

    Attributes:
        text: plain text. Control characters would be obeyed as commands: keep them out.
        voice: a voice file, with `+variant` where wanted.
        rate_wpm: words per minute, from 80.
        pitch: 0 to 99; 50 is the voice's own, and 50 more or less are an octave of its base.
        pitch_range: 0 to 99; 50 is the voice's own, 0 monotonous.
        sonic_speed: factor on the speed of what the library made; 1.0 leaves it alone.
        end_pause: whether the pause that follows a sentence is part of it.
        is_timed: whether to say which word is begun when.
    """

    text: str
    voice: str
    rate_wpm: int
    pitch: int
    pitch_range: int
    sonic_speed: float
    end_pause: bool
    is_timed: bool = False


class EspeakError(Exception):
    """The library refused."""


class Espeak:
    """libespeak-ng, loaded and initialised, with its list of voices read.

    Args:
        library: path of the shared library.
        data: path of its data folder. The process moves there: the library cuts off paths beyond 160 bytes.

    Raises:
        OSError: the library or the folder can't be opened.
        EspeakError: the library can't use the folder.
    """

    def __init__(self, library: str, data: str) -> None:
        self._lib: Any = ctypes.CDLL(os.path.abspath(library))
        os.chdir(data)
        rate_hz = self._lib.espeak_Initialize(_OUTPUT_SYNCHRONOUS, _BUFFER_MS, b".", _DONT_EXIT)
        if rate_hz != SAMPLE_RATE_HZ:
            raise EspeakError(f"espeak-ng gave a rate of {rate_hz} Hz where {SAMPLE_RATE_HZ} was expected")
        self._lib.espeak_ListVoices.restype = ctypes.POINTER(ctypes.POINTER(_Voice))
        self.voices = tuple(voice for voice in self._list(None) if _has_dictionary(voice.file))
        self.variants = tuple(voice.file.removeprefix("!v/") for voice in self._list(b"variant"))

    def speak(
        self, utterance: Utterance, write: Callable[[bytes], None], note_word: NoteWord | None = None
    ) -> None:
        """Speak and return when the last sample is written.

        Args:
            utterance: what to speak.
            write: takes native 16-bit mono samples.
            note_word: told of words, before their samples are written, if the utterance is timed.

        Raises:
            EspeakError: the voice can't be loaded, or the library gave up.
        """
        self._prepare(utterance)
        note = note_word if utterance.is_timed else None
        speed = utterance.sonic_speed
        if speed == 1.0:
            return self._synthesise(utterance, write, note)
        sonic = _Sonic(self._lib, speed)
        note_faster = (lambda index, sample: note(index, int(sample / speed))) if note else None
        self._synthesise(utterance, lambda pcm: write(sonic.feed(pcm)), note_faster)
        return write(sonic.flush())

    def _prepare(self, utterance: Utterance) -> None:
        if self._lib.espeak_SetVoiceByName(utterance.voice.encode()) != 0:
            raise EspeakError(f"espeak-ng can't load the voice {utterance.voice!r}")
        self._lib.espeak_SetParameter(_RATE, utterance.rate_wpm, 0)
        self._lib.espeak_SetParameter(_PITCH, utterance.pitch, 0)
        self._lib.espeak_SetParameter(_PITCH_RANGE, utterance.pitch_range, 0)
        self._lib.espeak_ng_SetRandSeed(ctypes.c_long(_NOISE_SEED))  # or else it is the time of day

    def _synthesise(
        self, utterance: Utterance, write: Callable[[bytes], None], note_word: NoteWord | None
    ) -> None:
        def on_audio(samples: int | None, num_samples: int, events: int) -> int:
            try:
                if note_word is not None:
                    for index, sample in _words(events):
                        note_word(index, sample)
                if samples and num_samples > 0:
                    write(ctypes.string_at(samples, 2 * num_samples))
            except BaseException:  # ctypes would print it and go on: audio would be missing in silence
                os._exit(os.EX_IOERR)
            return 0

        callback = _SynthCallback(on_audio)
        self._lib.espeak_SetSynthCallback(callback)
        text = utterance.text.encode("utf-8")
        flags = _CHARS_UTF8 | (_END_PAUSE if utterance.end_pause else 0)
        size = ctypes.c_size_t(len(text) + 1)
        status = self._lib.espeak_Synth(text, size, 0, 1, 0, flags, None, None)
        if status != 0:
            raise EspeakError(f"espeak-ng stopped with status {status}")

    def _list(self, languages: bytes | None) -> Iterator[VoiceFile]:
        wanted = None
        if languages is not None:
            buffer = ctypes.create_string_buffer(languages)
            wanted = ctypes.byref(_Voice(languages=ctypes.addressof(buffer)))
        listed = self._lib.espeak_ListVoices(wanted)
        for index in range(1 << 16):
            if not listed[index]:
                return
            voice = listed[index].contents
            yield VoiceFile(
                voice.identifier.decode(), voice.name.decode().strip(), tuple(_languages(voice.languages))
            )


def _words(events: int) -> Iterator[tuple[int, int]]:
    """Yield index in the text and position in the audio of each word in a list of events."""
    listed = ctypes.cast(events, ctypes.POINTER(_Event))
    index = 0
    while (event := listed[index]).kind != _NO_EVENT:
        if event.kind == _WORD_EVENT:
            yield event.text_position - 1, event.sample
        index += 1


def _has_dictionary(file: str) -> bool:
    """Tell whether a voice can speak: the wheel lists a few without dictionaries, and those are mute."""
    language = ""
    for line in Path("lang", file).read_text("utf-8", "replace").splitlines():
        key, *values = line.split()[:2] or [""]
        if key == "dictionary" and values:
            return Path(values[0] + "_dict").exists()
        if key == "language" and values and not language:
            language = values[0].split("-")[0]
    return Path(language + "_dict").exists()


def _languages(address: int) -> Iterator[str]:
    """Yield the names from a list of (one byte of priority, string, NUL), ended by a priority of 0."""
    while ctypes.string_at(address, 1) != b"\0":
        name = ctypes.string_at(address + 1)
        yield name.decode()
        address += 2 + len(name)


class _Sonic:
    """libsonic's change of speed, piece by piece. (Its change of pitch corrupts the heap below 1.0.)"""

    def __init__(self, lib: Any, speed: float) -> None:
        self._lib = lib
        lib.sonicCreateStream.restype = ctypes.c_void_p
        address = lib.sonicCreateStream(SAMPLE_RATE_HZ, 1)
        if not address:
            raise MemoryError
        self._stream = ctypes.c_void_p(address)
        lib.sonicSetSpeed(self._stream, ctypes.c_float(speed))

    def feed(self, pcm: bytes) -> bytes:
        """Add samples, and return what is ready."""
        self._lib.sonicWriteShortToStream(self._stream, pcm, len(pcm) // 2)
        return self._read()

    def flush(self) -> bytes:
        """Return the rest."""
        self._lib.sonicFlushStream(self._stream)
        return self._read()

    def _read(self) -> bytes:
        size = self._lib.sonicSamplesAvailable(self._stream)
        buffer = ctypes.create_string_buffer(2 * size)
        num_samples = self._lib.sonicReadShortFromStream(self._stream, buffer, size)
        return buffer.raw[: 2 * num_samples]
