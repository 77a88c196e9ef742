"""The routing file, resolved: a company to poll, a route for one document."""
