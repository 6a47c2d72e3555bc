"""The challenger beside the champion: what it would have answered to the rows that the champion was asked.

It is scored on the decision records, after they were answered, so that it can neither slow nor change an answer; both
versions are determined by their artifacts, so what is found now is what it would have said then.
"""

from pydantic import Field

from service.domain.documents import Document

#: Records that are named because the two differ most on them.
MOST_NAMED = 10


class Disagreement(Document):
    """One decision record with both answers; the responses are those of the champion's outcome."""

    prediction_id: str
    champion: float
    challenger: float


class Shadow(Document):
    """How far the challenger's answers are from the champion's, over the champion's newest records."""

    model: str
    champion: int | None
    challenger: int | None
    rows: int = Field(description="Records of the champion among the newest 2,000 of the model, without trials.")
    unanswered: int = Field(description="Records that the challenger cannot answer: it takes other features.")
    since: str | None
    until: str | None
    mean_absolute_difference: float | None = Field(description="Of the responses; null without answered records.")
    root_mean_square_difference: float | None
    differing_decisions_share: float | None = Field(description="Share of records with another outcome; of classes.")
    largest: tuple[Disagreement, ...] = Field(description="The ten records on which the responses differ most.")
