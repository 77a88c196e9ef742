"""`python -m local.demo`: what `make demo` runs."""

import sys

from local.demo.run import main

sys.exit(main())
