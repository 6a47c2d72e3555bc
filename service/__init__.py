"""Edgewise: the web service that trains, explains, reviews and serves Kolmogorov-Arnold networks."""
