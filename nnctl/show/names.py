"""A name as it is shown: on one line, without what cannot be seen, and without its middle where it is very long."""

from unicodedata import category, east_asian_width

LONGEST = 30  # signs


def shown(name: str, longest: int = LONGEST) -> str:
    """Return a name as a picture or a table can have it."""
    line = "".join(" " if sign.isspace() else "?" if category(sign) in ("Cc", "Cs") else sign for sign in name)
    if any(east_asian_width(sign) in "WF" for sign in line):  # signs of twice the width
        longest //= 2
    return line if len(line) <= longest else f"{line[: longest // 2]}…{line[-longest // 2 + 1 :]}"
