"""How a page is made readable: straightness, light, what was read and how well. Works on arrays only; knows no file and no OCR library.

The parameters were chosen on 32 Spanish pages in four renderings each; docs/decisions/2026-11-24-recognition-and-derivative.md says how.
"""
