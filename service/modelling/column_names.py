"""Names of columns, as the header of an upload gives them."""

from collections.abc import Sequence

from service.errors import DuplicateColumn, EmptyColumnName, InvalidColumnName, TooManyColumns

LONGEST_COLUMN_NAME = 200


def column_names(header: Sequence[str], maximum: int) -> list[str]:
    """The names without blanks around them; raises a leaf of InvalidDataset that names the position at fault."""
    if len(header) > maximum:
        raise TooManyColumns(len(header), maximum)
    names: list[str] = []
    for position, text in enumerate(header):
        name = text.strip()
        if not name:
            raise EmptyColumnName(position)
        if name in names:
            raise DuplicateColumn(name)
        if len(name) > LONGEST_COLUMN_NAME:
            raise InvalidColumnName(position, f"has more than {LONGEST_COLUMN_NAME} characters")
        if any(ord(character) < 32 for character in name):
            raise InvalidColumnName(position, "has a line break or another control character")
        names.append(name)
    return names
