"""The program `nnctl`, and `python -m nnctl`: signals are heeded from here on, before anything else is loaded."""

from nnctl import signals


def main() -> None:
    """Run nnctl."""
    signals.own()
    try:
        from nnctl.cli import run

        run()
    finally:
        signals.ignore()


if __name__ == "__main__":
    main()
