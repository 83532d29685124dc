"""A placeholder is what another tool would expand: `$VAR`, `${x}`, `{{ x }}`, `%NAME%`. In a spec it is plain text."""

import re

_PLACEHOLDER = re.compile(r"\$\{+[^}]*\}*|\$\([^)]*\)?|\$\w+|\{\{.*?\}\}|%\(\w+\)s|%\w+%|<%.*?%>")


def advice(text: str) -> str:
    """Return what there is to know about the placeholder in a text, or nothing where there is none."""
    found = _PLACEHOLDER.search(text)
    if found is None:
        return ""
    shell = ", or give it with -S, where the shell expands it" if found[0].startswith("$") else ""
    return f"nothing is expanded, such as {found[0][:40]} here; write out what it stands for{shell}"
