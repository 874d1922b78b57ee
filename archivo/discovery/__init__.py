"""From a citizen's words to a page of results; the public catalogue and the viewer."""
