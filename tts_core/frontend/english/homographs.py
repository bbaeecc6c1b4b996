"""Which of a homograph's two readings a sentence wants, from the words next to it.

A full tagger would need downloaded data. The words around decide most cases: a modal, "to" or a subject
pronoun before it makes a verb, a determiner or preposition before it a noun.
"""

from __future__ import annotations

import re

_BASE_BEFORE = re.compile(
    "to|will|would|can|could|shall|should|may|might|must|do|does|did|let|let's|please|cannot|i|you|we|they"
    "|.*n't|.*'ll"
)
_SUBJECT_BEFORE = re.compile("he|she|it|who|.*'d|.*'ve")
_BEING = re.compile("is|are|was|were|be|been|being|am|get|gets|got")
_DEGREE = re.compile("very|so|too|more|most|quite|rather|how")
_NOMINAL_BEFORE = re.compile(
    "the|a|an|this|that|these|those|my|your|his|her|its|our|their|no|some|any|every|each|of|in|on|at|for|with"
    "|from|by|.*'s"
)
_OBJECT_AFTER = re.compile(
    "the|a|an|this|that|these|those|my|your|his|her|its|our|their|it|them|me|us|him|all|every|each|up|out|at|in"
    "|on|to"
)
_AFTER_NOUN = re.compile(r"|[.,?!\-']|of|is|was|in|on|at|and|or|has|will")
_SKIPPED = re.compile("not|never|also|always|often|just|really|still|now|.+ly")
_PLURAL_SUBJECT = re.compile("i|you|we|they|people|children|students|readers|who")
_PAST = frozenset("yesterday ago last earlier once was were had did said went already".split())  # noqa: SIM905
_REACH = 12
_MARK = re.compile(r"[.,?!\-']")


def fits(tokens: list[str], index: int, tag: str) -> bool:
    """Tell whether `tokens[index]` is used as its table row's tag says: V verb, ADJ adjective, N noun.

    Args:
        tokens: the sentence's words, in lower case, and its punctuation marks.
        index: the homograph.
        tag: the part of speech that the first reading belongs to.
    """
    word = tokens[index]
    before = index - 1
    while before >= 0 and _SKIPPED.fullmatch(tokens[before]):
        before -= 1
    previous = tokens[before] if before >= 0 and not _MARK.fullmatch(tokens[before]) else ""
    following = tokens[index + 1] if index + 1 < len(tokens) else ""
    if word == "read":
        return _is_present(tokens, index, previous, following)
    if word == "used":  # not the habit: "used to"
        return following != "to"
    predicate = bool(_BEING.fullmatch(previous) or _DEGREE.fullmatch(previous))
    if tag == "ADJ":
        return predicate or not _AFTER_NOUN.fullmatch(following)
    if tag == "N":
        return not predicate
    return _is_verb(word, previous, following)


def _is_present(tokens: list[str], index: int, previous: str, following: str) -> bool:
    """Tell whether "read" is "reed": a command or a base form, or a habit without any sign of the past."""
    if not previous:
        return bool(_OBJECT_AFTER.fullmatch(following))
    if _PLURAL_SUBJECT.fullmatch(previous):
        return _PAST.isdisjoint(tokens[max(0, index - _REACH) : index + _REACH])
    return bool(_BASE_BEFORE.fullmatch(previous))


def _is_verb(word: str, previous: str, following: str) -> bool:
    inflected = word.endswith(("ed", "ing"))
    if _BASE_BEFORE.fullmatch(previous) or _SUBJECT_BEFORE.fullmatch(previous):
        return True
    if _NOMINAL_BEFORE.fullmatch(previous) or _DEGREE.fullmatch(previous):
        return False
    if _BEING.fullmatch(previous) or inflected:
        return inflected
    return bool(_OBJECT_AFTER.fullmatch(following))
