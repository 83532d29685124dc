"""A numeral is a number as people write it, which YAML reads as text: `0,01`, `1.000.000`, `20%`, `'0.01'`."""

import re

_NUMBER = r"[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?"
_COMMA = r"[-+]?\d*,\d+([eE][-+]?\d+)?"
_THOUSANDS = r"[-+]?[1-9]\d{0,2}([.,'’\s]\d{3})+"
_NOT_YAML = r"(//|/\*|--|;).+"  # begins a comment elsewhere
_PERCENT = r"([-+]?\d+(\.\d+)?)\s*%"


def advice(text: str, whole: bool) -> str:
    """Return how to write a numeral, whole or not, as the end of a message, or nothing for what is none."""
    if re.fullmatch(_NUMBER, text, re.ASCII):
        return "; take the quotes off"
    digits, point = re.sub(r"[^-+\d]", "", text), text.replace(",", ".")
    if re.fullmatch(_THOUSANDS, text):
        one_comma = re.fullmatch(_COMMA, text) and not whole  # which may be either
        return f"; write {digits}, or {point} where the comma is a point" if one_comma else f"; write {digits}"
    if re.fullmatch(_COMMA, text):
        return f"; write {point}, with a point"
    number = re.match(_NUMBER, text, re.ASCII)
    behind = text[number.end() :].strip() if number else ""
    if behind in (",", ";"):
        return f"; take the {behind} at the end off"
    if re.fullmatch(_NOT_YAML, behind):
        return "; a comment begins with #"
    percent = re.fullmatch(_PERCENT, text)
    return f"; write {float(percent[1]) / 100:.10g}" if percent else ""
