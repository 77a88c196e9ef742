"""The adapters of the ports: the only place for requests and boto3."""
