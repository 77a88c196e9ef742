"""Where each value of a written document comes from, found by changing one source at a time."""
