"""Words that are written short: titles, streets, companies, Latin, initials."""

from __future__ import annotations

import re
from re import Match

from tts_core.frontend.rules import Rule, rule

# The last is whom the title belongs to; a title without its full stop is read only in front of a name.
_TITLES = {
    "Dr": "Doctor",
    "Mr": "Mister",
    "Mrs": "Missus",
    "Ms": "Miz",
    "Prof": "Professor",
    "Capt": "Captain",
    "Col": "Colonel",
    "Gen": "General",
    "Gov": "Governor",
    "Hon": "Honorable",
    "Lt": "Lieutenant",
    "Maj": "Major",
    "Pres": "President",
    "Rep": "Representative",
    "Rev": "Reverend",
    "Sen": "Senator",
    "Sgt": "Sergeant",
    "Mt": "Mount",
    "Ft": "Fort",
    "St": "Saint",
}
_STREETS = {
    "St": "Street",
    "Dr": "Drive",
    "Ave": "Avenue",
    "Blvd": "Boulevard",
    "Rd": "Road",
    "Ln": "Lane",
    "Hwy": "Highway",
    "Sq": "Square",
}
_AFTER_NAMES = {
    "Jr": "Junior",
    "Sr": "Senior",
    "Inc": "Incorporated",
    "Ltd": "Limited",
    "Co": "Company",
    "Corp": "Corporation",
    "Bros": "Brothers",
    "Univ": "University",
    "Dept": "Department",
}
_ANYWHERE = {
    "vs": "versus",
    "approx": "approximately",
    "dept": "department",
    "est": "established",
    "govt": "government",
    "min": "minimum",
    "max": "maximum",
    "misc": "miscellaneous",
    "tel": "telephone",
    "temp": "temperature",
    "cf": "compare",
    "viz": "namely",
    "ca": "circa",
}
_BEFORE_NUMBERS = {
    "no": "number",
    "nos": "numbers",
    "p": "page",
    "pp": "pages",
    "fig": "figure",
    "figs": "figures",
    "eq": "equation",
    "vol": "volume",
    "vols": "volumes",
    "ch": "chapter",
    "sec": "section",
    "art": "article",
    "ed": "edition",
    "apt": "apartment",
    "ext": "extension",
}
# Words that begin a sentence more often than a name.
_STARTERS = (
    r"(?:The|It|This|That|These|Those|There|In|On|At|He|She|We|They|You|I|But|And|Or|If|A|An|For|As|So|However"
    r"|When|What|Why|How|Then|My|His|Her|Our|Their|Its|To|Not|No|Yes|After|Before|With)\b"
)
_IGNORE = re.IGNORECASE


def _one_of(words: dict[str, str]) -> str:
    return "|".join(sorted(words, key=len, reverse=True))


def _letters(match: Match[str]) -> str:
    return " ".join(match[0].replace(".", "")) + ("." if match[1] is not None else "")


def _before_number(match: Match[str]) -> str:
    word = _BEFORE_NUMBERS[match[1].lower()]
    return word.capitalize() if match[1][0].isupper() else word


ABBREVIATIONS: tuple[Rule, ...] = (
    rule(r"\bi\.\s?e\.", "that is", _IGNORE),
    rule(r"\be\.\s?g\.", "for example", _IGNORE),
    rule(r"\betc\.(?=\s+(?-i:[A-Z])|\s*$)", "etcetera.", _IGNORE | re.MULTILINE),
    rule(r"\betc\b\.?", "etcetera", _IGNORE),
    rule(r"\bet al\b\.?", "and others"),
    rule(r"\ba\.\s?k\.\s?a\.", "also known as", _IGNORE),
    rule(r"\bPh\.\s?D\b\.?", "P H D"),
    rule(r"\b([ap])\.\s?m\b(?:\.(?=\s+(?-i:[a-z])|,|\s?[-–~]))?", lambda m: m[1].upper() + "M", _IGNORE),
    rule(
        rf"(?<=[a-z] )({_one_of(_STREETS)})\.(?=,|\s+[a-z]|\s*$|\s+{_STARTERS})(?<! the St\.)",
        lambda m: _STREETS[m[1]],
    ),
    rule(rf"\b({_one_of(_TITLES)})\.(?=\s+[A-Z])", lambda m: _TITLES[m[1]]),
    rule(r"\b(Dr|Mr|Mrs|Ms|St)(?=\s[A-Z][a-z])", lambda m: _TITLES[m[1]]),
    rule(rf"\b({_one_of(_AFTER_NAMES)})\.(?=,|\s+[a-z&])", lambda m: _AFTER_NAMES[m[1]]),
    rule(rf"\b({_one_of(_AFTER_NAMES)})(?=\.)", lambda m: _AFTER_NAMES[m[1]]),
    rule(rf"\b({_one_of(_ANYWHERE)})\.(?=,|\s+[\w$€£~])", lambda m: _ANYWHERE[m[1]]),
    rule(r"\bvs\b\.?", "versus", _IGNORE),
    rule(rf"\b({_one_of(_BEFORE_NUMBERS)})\. ?(?=#?\d)", lambda m: _before_number(m) + " ", _IGNORE),
    # U.S. ends a sentence only before a word that begins one.
    rule(rf"\b(?:[A-Z]\.){{2,8}}(?=(\s+{_STARTERS}|\s*$)|)", _letters),
    rule(
        rf"(?<![\w'.])([A-Z])\.(?= (?!{_STARTERS})[A-Z](?:\.|[a-z]))(?<!\d [A-Z]\.)(?<![a-z] [A-Z]\.)", r"\1"
    ),
    rule(rf"\b([A-Z][a-z]+ [A-Z])\.(?= (?!{_STARTERS})[A-Z][a-z])", r"\1"),
)
