"""What is measured against: one script per library, run by `worker.py` in an environment of its own.

A script imports nothing of this repository but `kan_peer.py` and `kan_throughput_peer.py`, which measure it. It has one
function per task, `task(data, **settings) -> (figures, arrays)`, and `warm_up`, which makes the library load what it
loads on first use. `data` maps names to arrays, or to columns by name where a table mixes numbers and text; the time
of a fit is taken inside, around the fit alone.
"""
