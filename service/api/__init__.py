"""HTTP only: parse, call one operation, render."""
