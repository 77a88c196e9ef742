"""The model of the in-process proofs: fakes that record every side effect, and checks of the results."""
