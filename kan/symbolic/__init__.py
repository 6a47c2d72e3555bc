"""Symbolic forms of edges: the library of functions, fits to an edge, formulas."""
