"""What the command line and the API say of a page of results, as JSON values: the keys of the contract, the same for both."""

from typing import Any

from archivo.discovery.services import FoundList


def found_json(found: FoundList) -> dict[str, Any]:
    """A page of results as the contract prints it."""
    return {
        "total": found.total,
        "total_is_exact": found.total_is_exact,
        "took_ms": found.took_ms,
        "hits": [
            {
                "id": hit.id,
                "title": hit.title,
                "page": hit.page,
                "score": hit.score,
                "snippet": hit.snippet,
                "highlights": [{"start": start, "end": end} for start, end in hit.highlights],
                "date": hit.date,
            }
            for hit in found.hits
        ],
        "facets": {
            name: [{"value": value.value, "label": value.label, "count": value.count} for value in values]
            for name, values in found.facets.items()
        },
        "notes": list(found.notes),
        "did_you_mean": found.did_you_mean,
    }
