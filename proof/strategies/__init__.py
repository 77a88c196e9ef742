"""What is fed to the connector: documents, changes, callbacks and routing files, whole and damaged."""
