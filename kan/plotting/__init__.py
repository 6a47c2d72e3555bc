"""Plotly figures from plain data, and the same as pictures without a browser."""
