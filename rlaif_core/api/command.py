"""Group `commands`: a command of `rlaif` that a plugin adds. It is no component of a recipe.

class Hello(Command):
    \"\"\"Greet somebody.\"\"\"

    def configure(self, parser):
        parser.add_argument("name")

    def execute(self, args):
        print(f"Hello, {args.name}")
        return 0
"""

from __future__ import annotations

import argparse
from abc import ABC, abstractmethod


class Command(ABC):
    """A command, named by its entry point. The docstring's first line is its line of help.

    `rlaif --help` reads that line without importing the module. Import what is heavy in
    `execute`; `rlaif_core.commands` has what commands with a recipe share.
    """

    @abstractmethod
    def configure(self, parser: argparse.ArgumentParser) -> None:
        """Declare the command's arguments."""

    @abstractmethod
    def execute(self, args: argparse.Namespace) -> int:
        """Run the command.

        Returns:
            The exit code: 0 if all is well.

        Raises:
            RlaifError: For what the user can fix; shown in one line, exit code 2.
        """
