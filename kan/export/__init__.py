"""A fitted model as programs and documents that run and read anywhere, without `kan`."""
