"""A section is a name in brackets, as TOML and INI have it: what stands below it, YAML has indented below a key."""

import re

_SECTION = (  # compiled when YAML has stopped, and not before
    r"""
    ^[ \t]* (?P<open>\[{1,2}) [ \t]* (?P<name>[A-Za-z_][\w. -]*?) [ \t]* \]{1,2} [^\S\n]* (?:[#;].*)? \n
    (?: [^\S\n]* (?:[#;].*)? \n )*
    [ \t]* (?P<key>[\w.-]+) [ \t]* [=:] [ \t]* (?P<value>.*)
    """
)


def section(text: str) -> tuple[int, str] | None:
    """Return the place of a section with a key below it, and how YAML has them, or None where there is none."""
    found = re.search(_SECTION, text, re.VERBOSE | re.MULTILINE)
    if found is None:
        return None
    value = re.sub(r"\s+[#;].*", "", found["value"]).strip()
    pair = f"{found['key']}: {value}" if len(value) <= 40 and "=" not in value else f"{found['key']}:"
    steps = [*(f"{name.strip()}:" for name in found["name"].split(".")), pair]
    told = " and below it, indented, ".join(steps)
    return found.start("open"), f"a section in brackets is TOML or INI; in YAML write {told}"
