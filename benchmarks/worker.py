"""A worker is one contestant in a process of its own, kept alive and asked for one repetition at a time.

So thread pools and BLAS settings of one library do not disturb another's. Requests and replies are lines: the
parent writes `warm_up` or `run`, the worker answers with a JSON object. What a library prints goes to stderr.
"""

import importlib
import json
import os
import subprocess
import sys
from typing import Any


class Worker:
    """The parent's end: starts `module:class` with a job; `ask` waits for one answer."""

    def __init__(self, contestant: str, job: dict[str, Any], environment: dict[str, str]) -> None:
        self.name = contestant
        self._process = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.worker", contestant, json.dumps(job)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=environment,
        )

    def __enter__(self) -> "Worker":
        return self

    def __exit__(self, *details: object) -> None:
        self._process.stdin.close()
        self._process.stdout.close()
        self._process.wait()

    def ready(self) -> dict[str, Any]:
        """Wait until the libraries and the data are loaded."""
        return self._answer()

    def ask(self, what: str) -> dict[str, Any]:
        """Have the contestant do its work once; return what it measured."""
        self._process.stdin.write(what + "\n")
        self._process.stdin.flush()
        return self._answer()

    def _answer(self) -> dict[str, Any]:
        line = self._process.stdout.readline()
        if not line:
            raise SystemExit(f"benchmarks: the worker {self.name} ended with exit code {self._process.wait()}")
        return json.loads(line)


def main() -> None:
    """Serve as the worker of the contestant that the command line names."""
    answers = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)
    module, _, name = sys.argv[1].partition(":")
    contestant = getattr(importlib.import_module(module), name)(json.loads(sys.argv[2]))
    answers.write("{}\n")
    for line in sys.stdin:
        answers.write(json.dumps(getattr(contestant, line.strip())() or {}) + "\n")


if __name__ == "__main__":
    main()
