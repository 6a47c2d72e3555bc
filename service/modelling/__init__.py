"""The bridge to the network library: the only importer of `kan`."""
