"""The world of the in-process proofs: fakes whose every side effect is counted, and a judge of what came of them."""
