"""Proofs by many runs: what the tests show on a sample, counted here on as many as one likes."""
