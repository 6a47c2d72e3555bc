"""Networks prepared for serving: flat tables of numbers, evaluated with NumPy alone."""
