"""`connector logs`: what the functions wrote about a document."""
