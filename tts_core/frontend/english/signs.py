"""Signs that stand for words: of arithmetic, of lists and tables, of the web."""

from __future__ import annotations

import re
from re import Match

from tts_core.frontend.english.cardinals import say_number, say_ordinal
from tts_core.frontend.rules import NUMBER, Rule, rule

_SUPERSCRIPTS = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻", "0123456789+-")
_POWER_NAMES = {"2": "squared", "3": "cubed"}
_GREEK = (  # noqa: SIM905
    "α alpha β beta γ gamma δ delta Δ delta ε epsilon ζ zeta η eta θ theta λ lambda μ mu ξ xi π pi"
    " ρ rho σ sigma τ tau φ phi χ chi ψ psi ω omega Ω omega"
).split()
_WORDS = {
    "%": "percent",
    "‰": "per mille",
    "&": "and",
    "+": "plus",
    "=": "equals",
    "@": "at",
    "×": "times",
    "÷": "divided by",
    "±": "plus or minus",
    "≥": "is greater than or equal to",
    "≤": "is less than or equal to",
    "≠": "is not equal to",
    "≈": "is approximately",
    "√": "the square root of",
    "∞": "infinity",
    "∑": "the sum of",
    "°": "degrees",
    "§": "section",
    "€": "euros",
    "£": "pounds",
} | dict(zip(_GREEK[::2], _GREEK[1::2], strict=True))
_WORD = re.compile("[" + "".join(_WORDS) + "]")
_PAUSES = str.maketrans(dict.fromkeys("→⇒←↔•·●▪◦|‖", ","))


def _power(match: Match[str]) -> str:
    power = match[1].translate(_SUPERSCRIPTS)
    if power in _POWER_NAMES:
        return f" {_POWER_NAMES[power]}"
    if power.isdigit() and len(power) <= 2:
        return f" to the {say_ordinal(int(power))} power"
    return f" to the power of {power.replace('-', 'negative ').lstrip('+')}"


def superscripts(text: str) -> str:
    """Write raised digits as `^2`, before Unicode's compatible forms would make m² and m2 the same."""
    return _RAISED.sub(lambda match: "^" + match[0].translate(_SUPERSCRIPTS), text)


def say_signs(text: str) -> str:
    """Replace the signs that have a name wherever they stand."""
    return _WORD.sub(lambda match: f" {_WORDS[match[0]]} ", text.translate(_PAUSES))


_RAISED = re.compile("[⁰¹²³⁴-⁹⁺⁻]+")
# After the units, whose powers have names of their own.
POWERS: tuple[Rule, ...] = (rule(r"\^\(?([+-]?\d{1,9})\)?", _power),)
_OPERAND = r"(?<=[\w)])"
SIGNS: tuple[Rule, ...] = (
    rule(r"->|=>|<-", ","),
    rule(r"(?<==)( ?)mc(?=\^2)", r"\1m c"),
    rule(r"(?<!\w)([A-Z])–(?=[A-Z](?!\w))", r"\1 to "),
    rule(r"(?<![<>=!])!=(?!=)", " is not equal to "),
    rule(r"(?<![<>=!])>=(?!=)", " is greater than or equal to "),
    rule(r"(?<![<>=!])<=(?!=)", " is less than or equal to "),
    rule(r"(?<![<>=!])==(?!=)", " equals "),
    rule(rf"{_OPERAND} ?> ?(?=-?\d)", " is greater than "),
    rule(rf"{_OPERAND} ?< ?(?=-?\d)", " is less than "),
    rule(r"(?<![\w<>])> ?(?=\d)", "more than "),
    rule(r"(?<![\w<>])< ?(?=\d)", "less than "),
    rule(r"(?<![\w~])[~≈] ?(?=[$€£¥]?\d)", "about "),
    rule(r"(?<=\d) ?[*×] ?(?=\d)", " times "),
    rule(r"(?<=\d) ?[xX] ?(?=\d)", " by "),
    rule(
        r"(?<=\d)[x×](?= (?:faster|slower|more|less|fewer|bigger|smaller|better|higher|lower|larger|as)\b)",
        " times",
    ),
    rule(r"(?<=\d) ?− ?(?=\d)|(?<=[\d)]) - (?=\d{1,18}[^\d\n]{0,3}=)", " minus "),
    rule(r"(?<=\d) ?/ ?(?=\d{1,18} ?=)", " divided by "),
    rule(r"#(?=\d)", "number "),
    rule(r"\b([CF])#", r"\1 sharp"),
    rule(r"(?<!\w)#(?=[A-Za-z])", "hashtag "),
    rule(r"(?<!\w)\.NET\b", "dot net"),
    rule(r"(?<!\w)w/o(?!\w)", "without"),
    rule(r"(?<!\w)w/(?= ?[A-Za-z])", "with "),
    rule(rf"(?<![\w.])({NUMBER})x(?!\w)", lambda m: f"{say_number(m[1])} X"),
)
