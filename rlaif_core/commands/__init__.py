"""The Python API behind the command line: run, judge, compare, plan as coroutines."""
