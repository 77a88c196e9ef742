"""`python -m infra` updates template.yaml (`make template`); `--check` only checks whether it is up to date."""

import sys

from infra.generate import main

sys.exit(main(sys.argv[1:]))
