"""What a running process says of its work."""

import json
import logging

from archivo.operations.logs import JsonLines, Lines


def record_of(fault: Exception | None = None, **data: object) -> logging.LogRecord:
    record = logging.LogRecord("archivo.web", logging.INFO, __file__, 1, "request %s", ("uno",), None)
    if fault is not None:
        try:
            raise fault
        except ValueError as raised:
            record.exc_info = (type(raised), raised, raised.__traceback__)
    record.data = data
    return record


def test_a_line_is_one_json_object_with_what_was_measured() -> None:
    line = JsonLines().format(record_of(route="/documentos/{document_id}", status=200))
    told = json.loads(line)
    assert "\n" not in line
    assert (told["level"], told["message"], told["route"], told["status"]) == ("info", "request uno", "/documentos/{document_id}", 200)
    assert told["at"].endswith("Z")


def test_an_error_tells_its_kind_and_place_and_never_its_words() -> None:
    for form in (JsonLines(), Lines()):
        line = form.format(record_of(ValueError("Rosa Gómez, cédula 52.123.456")))
        assert "ValueError" in line
        assert "test_logs.py" in line
        assert "Rosa" not in line
