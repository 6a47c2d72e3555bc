"""How a network is found: optimisation, knots that follow the data, centring."""
