"""What is measured: one module per suite, each with one function `measure`."""
