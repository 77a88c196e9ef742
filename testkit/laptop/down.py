"""`make down`: end the laptop stack."""

from __future__ import annotations

import sys

from testkit.laptop import stack as laptop


def main() -> int:
    """End every process of the stack, if it runs."""
    stack = laptop.find()
    if stack is None:
        print("The laptop stack is not running.")
        return 0
    laptop.stop(stack)
    print("The laptop stack has ended.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
