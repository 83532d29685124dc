"""What the commands that train several networks share: progress, results, and true last words of a signal."""

import json
import os
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nnctl import signals

if TYPE_CHECKING:
    from rich.console import Console

    from nnctl.training.several import Report, Several


def train_and_show(
    several: "Several[Any]",
    train: "Callable[[Report], None]",
    draw: Callable[[], list[Path]],
    show: "Callable[[Console], None]",
    messages: "Console",
    as_json: bool,
) -> None:
    """Train all, draw and show; whatever ends it, what was trained so far is shown."""
    from nnctl.errors import InterruptedRunError
    from nnctl.show import console, progress

    with signals.held() as received, signals.last_words(partial(_cut_short, several, as_json)):
        with progress.board(messages, [member.label for member in several.members]) as report:
            train(report)
        for note in several.all_notes():
            messages.print(f"note: {note}")
        saved = [path.name for path in (several.file, *draw()) if path.is_file()]
        messages.print(f"saved in {several.folder}: {', '.join(saved)}")
        mishap = several.mishap
        if received and mishap is None:
            said = f"interrupted; the trainings were over and are saved in {several.folder}"
            mishap = InterruptedRunError(said, received[0])
        if as_json:
            print(json.dumps({**several.as_json(), "exit_code": mishap.exit_code if mishap else 0}))
        else:
            show(console.results())
    if mishap is not None:
        raise mishap


def _cut_short(several: "Several[Any]", as_json: bool, number: int) -> str:
    """Print what a second signal leaves of several trainings, and say it."""
    told = several.cut_short(number)
    if as_json:
        os.write(1, f"{json.dumps(several.as_json())}\n".encode())
    return told
