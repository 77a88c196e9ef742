"""`connector documents`: what the ledger says of each document, and what a person does with one."""

from __future__ import annotations

import click

from connector.cli.documents.bodies import print_request, print_source
from connector.cli.documents.decide import close_documents, release_documents, replay_documents, resend_documents
from connector.cli.documents.diff import diff_document
from connector.cli.documents.listing import list_documents
from connector.cli.documents.pages import open_document
from connector.cli.documents.show import show_document
from connector.cli.documents.trace import trace_document


@click.group(short_help="What became of each document.")
def documents() -> None:
    """The ledger: what happened to every revision of every document."""


for command in (
    *(list_documents, show_document, trace_document, print_source, print_request, diff_document),
    open_document,
    *(replay_documents, release_documents, resend_documents, close_documents),
):
    documents.add_command(command)
