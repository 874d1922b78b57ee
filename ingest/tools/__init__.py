"""External programs and native libraries, one module each, run in children that process.py starts."""
