"""Pure rules and documents: no input or output, no clock, no database."""
