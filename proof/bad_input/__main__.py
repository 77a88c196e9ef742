"""`python -m proof.bad_input [TARGET [CASES [SEED]]]`: fuzz one target or all."""

from __future__ import annotations

import sys

from proof.bad_input import CASES, SEED, targets
from proof.bad_input.trial import tried
from proof.tally import Size

wanted = sys.argv[1] if len(sys.argv) > 1 else None
failed = False
for name, target in targets():
    if wanted not in {None, name}:
        continue
    cases = int(sys.argv[2]) if len(sys.argv) > 2 else CASES[name][Size.FAST]
    tally = tried(target, cases=cases, seed=int(sys.argv[3]) if len(sys.argv) > 3 else SEED)
    failed = failed or bool(tally.violations)
    sys.stdout.write(f"{tally.guarantee}: {tally.cases:,} cases, {tally.figures}\n")
    for violation in tally.violations:
        sys.stdout.write(f"  {violation}\n")
sys.exit(failed)
