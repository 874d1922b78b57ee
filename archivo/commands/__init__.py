"""The commands of `archivo`, one module a family. Each gives its parser and its act; cli.py joins them."""
