"""Certificates: facts about a fitted model that are proved for its whole domain, by interval bounds and bisection."""
