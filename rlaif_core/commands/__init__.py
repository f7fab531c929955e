"""The commands as a Python API, and what a plugin's command with a recipe needs.

`api` has the coroutines that `rlaif_core` offers by name, `recipe_options` the options of a command
line, `execute` runs a coroutine with progress and Ctrl-C, `component` builds a component by name.
"""
