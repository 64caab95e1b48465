"""The benchmarks behind every figure that the docs quote: `make bench`.

Each figure is measured on real processes and compared with a floor measured in the same run, in
alternating rounds: the ratio says something on any machine, the figure only on this one.
"""
