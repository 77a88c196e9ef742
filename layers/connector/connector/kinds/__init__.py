"""What is particular to each kind of document: a folder for each, with its facts and how it is read and written."""
