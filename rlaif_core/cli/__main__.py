"""`python -m rlaif_core.cli` is the command `rlaif`."""

import sys

from rlaif_core.cli import main

sys.exit(main())
