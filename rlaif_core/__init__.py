"""rlaif_core: align a language model with AI feedback, every part chosen by name in a recipe.

Import `rlaif_core.api` to write a plugin. This package itself imports nothing, so that the
command line starts fast.
"""

__version__ = "0.1.0.dev0"
