"""`connector doctor`: asks the real systems, and says what to do about each finding."""
