"""What the network does with one row (edge flow) and what every edge looks like (curves)."""
