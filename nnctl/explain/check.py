"""check: everything that can be known of a spec before it is trained, as verdicts."""

from dataclasses import dataclass
from math import isfinite
from pathlib import Path
from typing import Any

from nnctl.errors import DataError, NnctlError, SpecError
from nnctl.explain import check_columns, check_data, check_training
from nnctl.explain.verdicts import GRADES, Grade, Subject, Verdict
from nnctl.spec.document import Document
from nnctl.spec.reading import parse
from nnctl.training.experiment import prepare

CHECKS = check_data.checks | check_columns.checks | check_training.checks  # in the order in which they are told


@dataclass(frozen=True)
class Checked:
    """The verdicts of all checks, by their names in order."""

    verdicts: list[tuple[str, Verdict]]

    def count(self, grade: Grade) -> int:
        """Return how many verdicts are of a grade."""
        return sum(verdict.grade == grade for _, verdict in self.verdicts)

    def mishap(self, strict: bool) -> DataError | None:
        """Return what says that it cannot be trained, or should not where warnings count, or None."""
        errors, warnings = self.count("error"), self.count("warning")
        if errors or (strict and warnings):
            return DataError(f"{_plural(errors, 'error')} and {_plural(warnings, 'warning')}")
        return None

    def as_json(self, strict: bool) -> dict[str, Any]:
        """Return the object that `--json` prints."""
        mishap = self.mishap(strict)
        return {
            "exit_code": mishap.exit_code if mishap else 0,
            **{grade: self.count(grade) for grade in GRADES},
            "verdicts": [
                {
                    "check": name,
                    "verdict": verdict.grade,
                    "said": verdict.said,
                    "change": verdict.change,
                    "evidence": {key: _finite(value) for key, value in verdict.evidence.items()},
                }
                for name, verdict in self.verdicts
            ],
        }


def check(written: Document, folders: tuple[Path, ...], runs_dir: Path) -> Checked:
    """Return the verdicts of all checks of a spec; of one that cannot be loaded that is the only one."""
    try:
        spec = parse(written, folders)
        experiment = prepare(spec)
    except NnctlError as error:
        name = "spec" if isinstance(error, SpecError) else "data"
        return Checked([(name, Verdict("error", str(error)))])
    subject = Subject(experiment, runs_dir)
    verdicts = [("spec", Verdict("ok", "every key is legal, and the network fits the data"))]
    verdicts += [(name, verdict) for name, look in CHECKS.items() for verdict in look(subject)]
    return Checked(verdicts)


def _finite(value: Any) -> Any:
    """Return a value of an evidence, or None for a number that is not finite and that JSON has no word for."""
    return None if isinstance(value, float) and not isfinite(value) else value


def _plural(count: int, what: str) -> str:
    return f"{count:,} {what}{'' if count == 1 else 's'}"
