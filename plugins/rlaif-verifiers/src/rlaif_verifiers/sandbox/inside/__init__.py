"""Programs that run inside the sandbox, on the standard library alone.

The checker (`main`) is process 1 there: nothing inside can kill it, and nothing can look into it.
It knows the tests and says how they went. The program is another process, which is asked for
values and never told what they should be.
"""
