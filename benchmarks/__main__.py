"""python -m benchmarks [NAME]...: run workloads, print the report, and write it to a folder as Markdown and JSON."""

import argparse
import json
import os
import sys
from pathlib import Path

from benchmarks import ablations, growth, measuring, report, tables
from benchmarks.workloads import MODULES, WORKLOADS


def main() -> None:
    """Run what the command line asks for."""
    names = [*WORKLOADS, "growth", "tables", "ablations"]
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="nnctl beside what else one would use.")
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"run these only of: {', '.join(names)}")
    parser.add_argument("--only", metavar="NAME,...", default="", help="the same, with commas")
    parser.add_argument("--repeats", type=int, default=5, help="repetitions of each contestant (default 5)")
    parser.add_argument("--quick", action="store_true", help="run each once on a small size, to see that it runs")
    parser.add_argument("--out", type=Path, default=Path("build/benchmarks"), metavar="FOLDER", help="where to write")
    given = parser.parse_args()
    chosen = [*given.names, *filter(None, given.only.split(","))] or names
    unknown = next((name for name in chosen if name not in names), None)
    if unknown is not None:
        parser.error(f"there is no workload {unknown!r}; there are {', '.join(names)}")
    if given.repeats < 1:
        parser.error(f"--repeats must be at least 1, got {given.repeats}")
    repeats = 1 if given.quick else given.repeats
    absent = [peer for peer in MODULES if not measuring.installed(peer)]
    facts = {**report.machine(), "repeats": repeats, "quick": given.quick, "left_out": absent}
    if given.quick:
        os.environ["OMP_NUM_THREADS"] = "1"  # for all contestants: on a busy machine threads wait for each other
    given.out.mkdir(parents=True, exist_ok=True)

    measured = []
    for name in (name for name in chosen if name in WORKLOADS):
        print(f"{name}: {WORKLOADS[name].title}", file=sys.stderr)
        workload, samples = measuring.measure(WORKLOADS[name], repeats, given.quick)
        measured.append(report.Measured(name, workload, samples))
    if measured:
        text, values = report.markdown(measured, facts), report.as_json(measured, facts)
        (given.out / "benchmarks.md").write_text(text, encoding="utf-8")
        (given.out / "benchmarks.json").write_text(json.dumps(values, indent=2) + "\n", encoding="utf-8")
        print(text)
    if "growth" in chosen:
        print("growth: nnctl's seconds per update", file=sys.stderr)
        growth.write(growth.measure(given.quick), given.out)
    if "tables" in chosen:
        print(tables.write(tables.measure(given.quick), given.out))
    if "ablations" in chosen:
        print(ablations.write(ablations.measure(given.quick), given.out))
    print(f"saved in {given.out}", file=sys.stderr)


if __name__ == "__main__":
    main()
