"""Tests of the benchmarks' own measuring: what it counts, and when it refuses to print a figure."""
