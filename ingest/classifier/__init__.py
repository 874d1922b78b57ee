"""Propose the class of a document, learning from the schedule's own words and from what people confirm.

`fit(entries, examples, seed) -> Model`, `model.propose(text, allowed) -> Proposal`, `dump(model) -> bytes`, `load(bytes) -> Model`.
`automation` says when a class may be given without a person, `promotion` when a new model takes the place of the old one.
"""

from ingest.classifier.file import ModelUnreadable, dump, load
from ingest.classifier.model import Model
from ingest.classifier.training import fit
from ingest.classifier.vocabulary import Alternative, Example, Proposal, Reason, ScheduleEntry

__all__ = ["Alternative", "Example", "Model", "ModelUnreadable", "Proposal", "Reason", "ScheduleEntry", "dump", "fit", "load"]
