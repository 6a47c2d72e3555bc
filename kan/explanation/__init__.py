"""What the network does with one row (edge flow), what would change its answer, and what every edge looks like."""
