"""Identifiers that sort by time (UUID version 7, RFC 9562 section 5.7)."""

from datetime import datetime


def uuid7(moment: datetime, entropy: bytes) -> str:
    """A UUIDv7 from a moment and ten random bytes: 48 bits of milliseconds, version, variant, 74 random bits."""
    milliseconds = int(moment.timestamp() * 1000)
    random_bits = int.from_bytes(entropy[:10], "big")
    value = (milliseconds & ((1 << 48) - 1)) << 80
    value |= 0x7 << 76
    value |= ((random_bits >> 62) & 0xFFF) << 64
    value |= 0b10 << 62
    value |= random_bits & ((1 << 62) - 1)
    text = f"{value:032x}"
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"
