"""`python -m infra` brings template.yaml up to date (`make template`); `--check` says whether it is."""

import sys

from infra.generate import main

sys.exit(main(sys.argv[1:]))
