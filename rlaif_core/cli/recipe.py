"""`rlaif recipe`: check a recipe, write out its defaults, print the JSON Schema of recipes."""

from __future__ import annotations

import argparse
import json
import sys

from rlaif_core.commands import recipe_options

INVALID = 2


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    check = actions.add_parser("check", help="find every error, without running anything")
    fill = actions.add_parser("fill", help="print the recipe with every default written out")
    for action in (check, fill):
        recipe_options.configure(action)
        action.add_argument(
            "--for",
            dest="purpose",
            choices=("run", "judge", "compare"),
            default="any",
            help="the command it is for; default: run, if it has any section of a run",
        )
    actions.add_parser("schema", help="print the JSON Schema of recipes, for editors")


def execute(args: argparse.Namespace) -> int:
    """Check, fill or print the schema; an invalid recipe exits with 2."""
    if args.action == "schema":
        return _schema()
    return _check(args) if args.action == "check" else _fill(args)


def _check(args: argparse.Namespace) -> int:
    from rlaif_core.api.errors import RecipeError

    try:
        recipe = recipe_options.load(args, args.purpose)
    except RecipeError as error:
        if not args.json:
            raise
        print(json.dumps({"valid": False, "problems": error.problems}, indent=2))
        return INVALID
    components = {
        place: f"{spec.entry.distribution or 'local'}/{spec.entry.name}"
        for place, spec in recipe.components.items()
    }
    if args.json:
        verdict = {"valid": True, "problems": [], "warnings": recipe.warnings}
        print(json.dumps({**verdict, "components": components}, indent=2))
    else:
        recipe_options.warn(recipe)
        print(f"{recipe.path}: no errors in {len(components)} components")
    return 0


def _fill(args: argparse.Namespace) -> int:
    text = recipe_options.load(args, args.purpose).resolved()
    if args.json:
        import yaml

        text = json.dumps(yaml.safe_load(text), indent=2, ensure_ascii=False) + "\n"
    print(text, end="")
    return 0


def _schema() -> int:
    from rlaif_core.recipe.schema import recipe_schema
    from rlaif_core.registry import Registry

    schema, left_out = recipe_schema(Registry.scan())
    print(json.dumps(schema, indent=2, ensure_ascii=False))
    for line in left_out:
        print(f"left out: {line}", file=sys.stderr)
    return 0
