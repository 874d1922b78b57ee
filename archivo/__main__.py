"""`python -m archivo`."""

import gc
import sys


def main() -> int:
    """Run the command line; the exit status.

    What loading a command makes stays until the process ends, so the collector of cycles is kept from going through it: neither while it
    is loaded, nor at each full collection, nor at the end.
    """
    words = sys.argv[1:]
    gc.disable()
    from archivo.cli import load, run

    load(words)
    gc.freeze()
    gc.enable()
    return run(words)


if __name__ == "__main__":
    sys.exit(main())
