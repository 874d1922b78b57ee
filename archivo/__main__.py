"""`python -m archivo`."""

import gc
import io
import sys


def main() -> int:
    """Run the command line; the exit status.

    What loading a command makes stays until the process ends, so the collector of cycles is kept from going through it: neither while it
    is loaded, nor at each full collection, nor at the end.
    """
    words = sys.argv[1:]
    for stream in (sys.stdout, sys.stderr):  # JSON is UTF-8 (RFC 8259, 8.1), and so is what people read, whatever the machine's locale
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")
    gc.disable()
    from archivo.cli import load, run

    load(words)
    gc.freeze()
    gc.enable()
    return run(words)


if __name__ == "__main__":
    sys.exit(main())
