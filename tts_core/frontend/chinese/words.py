"""Words and their parts of speech: jieba's dictionary and hidden Markov model, searched by our own code.

jieba's tagger gives the same words and tags, at less than half the speed: its Viterbi search tries every pair
of states, most of which its own table rules out. Its dictionary is built in memory, because jieba would
otherwise unmarshal a cache file that anyone may have written into the shared temporary folder.
"""

from __future__ import annotations

import functools
import importlib
import logging
import math
import re
import warnings
from collections.abc import Iterator
from typing import Any, NamedTuple

with warnings.catch_warnings():
    # Its patterns have unescaped backslashes, and it asks for pkg_resources.
    warnings.simplefilter("ignore")
    jieba: Any = importlib.import_module("jieba")
    posseg: Any = importlib.import_module("jieba.posseg")

jieba.setLogLevel(logging.ERROR)

State = tuple[str, str]
# jieba's score of a character that the model never saw in a state.
_UNSEEN = -3.14e100
_CACHED_RUNS = 1 << 14
_DICTIONARY_TEXT = re.compile(r"[\u4e00-\u9fd5a-zA-Z0-9+#&._]+")
_HAN_RUN = re.compile(r"[\u4e00-\u9fd5]+|[^\u4e00-\u9fd5]")


class Word(NamedTuple):
    """A word and its part of speech by jieba's tags (n noun, v verb, uj 的, ...)."""

    text: str
    tag: str


class WordSegmenter:
    """Cuts clauses into tagged words. Holds jieba's tables; its methods are safe in any thread."""

    def __init__(self) -> None:
        tokenizer = jieba.dt
        if not tokenizer.initialized:
            tokenizer.FREQ, tokenizer.total = tokenizer.gen_pfdict(tokenizer.get_dict_file())
            tokenizer.initialized = True
        self._tokenizer = tokenizer
        self._frequencies: dict[str, int] = tokenizer.FREQ
        self._log_total = math.log(tokenizer.total)
        self._tags: dict[str, str] = posseg.dt.word_tag_tab
        self._predecessors = _reverse(posseg.trans_P)
        self.parts = functools.lru_cache(_CACHED_RUNS)(self._parts)
        self._tag_run = functools.lru_cache(_CACHED_RUNS)(self._tag_unknown)

    def words(self, clause: str) -> list[Word]:
        """Return the tagged words of a clause, which joined are the clause."""
        found: list[Word] = []
        end = 0
        for match in _DICTIONARY_TEXT.finditer(clause):
            found.extend(Word(char, "x") for char in clause[end : match.start()])
            found.extend(self._known_and_unknown(match[0]))
            end = match.end()
        found.extend(Word(char, "x") for char in clause[end:])
        return found

    def _parts(self, word: str) -> tuple[str, str]:
        """Cut a word in two at its shortest part, which comes first or last; the second may be empty."""
        if len(word) <= 2:
            return word, ""
        shortest = min(self._tokenizer.cut_for_search(word), key=len)
        if word.startswith(shortest):
            return shortest, word[len(shortest) :]
        return word[: -len(shortest)], shortest

    def _known_and_unknown(self, text: str) -> Iterator[Word]:
        """Take the likeliest path through the dictionary; runs of single characters are looked at again."""
        ends = self._best_ends(text)
        start, pending = 0, 0
        while start < len(text):
            end = ends[start]
            if end - start > 1:
                yield from self._singles(text[pending:start])
                yield self._dictionary_word(text[start:end])
                pending = end
            start = end
        yield from self._singles(text[pending:])

    def _best_ends(self, text: str) -> list[int]:
        """Return for each index where the best word that begins there ends, found from the back."""
        frequencies, size = self._frequencies, len(text)
        scores, ends = [0.0] * (size + 1), [0] * size
        for start in range(size - 1, -1, -1):
            best_score, best_end = -math.inf, start + 1
            end, prefix = start + 1, text[start]
            while True:
                frequency = frequencies.get(prefix)
                if frequency or end == start + 1:
                    score = math.log(frequency or 1) - self._log_total + scores[end]
                    if score >= best_score:
                        best_score, best_end = score, end
                if frequency is None or end == size:
                    break
                end += 1
                prefix = text[start:end]
            scores[start], ends[start] = best_score, best_end
        return ends

    def _singles(self, run: str) -> Iterator[Word]:
        if len(run) < 2 or self._frequencies.get(run):
            yield from map(self._dictionary_word, run)
        else:
            yield from self._tag_run(run)

    def _dictionary_word(self, text: str) -> Word:
        return Word(text, self._tags.get(text, "x"))

    def _tag_unknown(self, run: str) -> tuple[Word, ...]:
        words: list[Word] = []
        for part in _HAN_RUN.findall(run):
            if "\u4e00" <= part[0] <= "\u9fd5":
                words.extend(_words_of(part, self._likeliest_states(part)))
            else:
                words.append(Word(part, "m" if part.isdigit() or part == "." else "x"))
        return tuple(words)

    def _likeliest_states(self, run: str) -> list[State]:
        """Find the likeliest states (position in the word, tag) of a run by Viterbi's algorithm."""
        emissions, states_of = posseg.emit_P, posseg.char_state_tab_P
        every_state = tuple(posseg.trans_P)
        scores: dict[State, float] = {
            state: posseg.start_P[state] + emissions[state].get(run[0], _UNSEEN)
            for state in states_of.get(run[0], every_state)
        }
        history: list[dict[State, State]] = []
        for char in run[1:]:
            step = self._step(scores, states_of.get(char, every_state), char)
            step = step or self._step(scores, every_state, char)
            scores = {state: score for state, (score, _) in step.items()}
            history.append({state: previous for state, (_, previous) in step.items()})
        state = max((score, state) for state, score in scores.items())[1]
        path = [state]
        for previous in reversed(history):
            path.append(previous[path[-1]])
        return path[::-1]

    def _step(self, scores: dict[State, float], states: Any, char: str) -> dict[State, tuple[float, State]]:
        step: dict[State, tuple[float, State]] = {}
        for state in states:
            emission = posseg.emit_P[state].get(char, _UNSEEN)
            reachable = [
                (scores[before] + transition + emission, before)
                for before, transition in self._predecessors.get(state, ())
                if before in scores
            ]
            if reachable:
                step[state] = max(reachable)
        return step


def _reverse(transitions: dict[State, dict[State, float]]) -> dict[State, list[tuple[State, float]]]:
    reverse: dict[State, list[tuple[State, float]]] = {}
    for before, following in transitions.items():
        for state, transition in following.items():
            reverse.setdefault(state, []).append((before, transition))
    return reverse


def _words_of(run: str, states: list[State]) -> Iterator[Word]:
    """Join characters to words by the B(egin), E(nd) and S(ingle) of their states."""
    start = 0
    for index, (position, tag) in enumerate(states):
        if position in "ES":
            yield Word(run[start : index + 1], tag)
            start = index + 1
    if start < len(run):
        yield Word(run[start:], states[start][1])
