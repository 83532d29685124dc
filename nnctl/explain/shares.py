"""A share is a part of a whole, written as a percentage that never rounds to none of it or to all of it."""


def percent(share: float, digits: int = 0) -> str:
    """Return a share with so many digits behind the point, or more where those would make it 0 or 100: 99.7 %."""
    if share in (0, 1):
        return f"{share:.0%}".replace("%", " %")
    for more in range(digits, digits + 3):
        text = f"{share:.{more}%}"
        if float(text[:-1]) not in (0, 100):
            return text.replace("%", " %")
    smallest = 10 ** -(digits + 2)
    return f"less than {smallest:g} %" if share < 0.5 else f"more than {100 - smallest:g} %"
