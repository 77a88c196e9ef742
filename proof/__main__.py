"""`python -m proof [--fast] [NAME ...]`, the command of `make prove`."""

import sys

from proof.run import main

if __name__ == "__main__":  # the processes of the proofs import this module as well
    sys.exit(main(sys.argv[1:]))
