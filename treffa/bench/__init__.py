"""The benchmarks: each plays real code paths in a practice of its own and returns what it measured."""
