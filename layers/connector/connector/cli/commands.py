"""Every command of `connector`."""

from __future__ import annotations

import click

from connector import __version__
from connector.cli.alarms import alarms
from connector.cli.backfill import backfill
from connector.cli.baseline import baseline
from connector.cli.change import change
from connector.cli.changes.command import changes
from connector.cli.config.command import config
from connector.cli.cursors import cursors
from connector.cli.data import data
from connector.cli.deadletters import deadletters
from connector.cli.digest import digest
from connector.cli.doctor.command import doctor
from connector.cli.documents.command import documents
from connector.cli.examples import add_examples
from connector.cli.explain import explain
from connector.cli.holds import holds
from connector.cli.logs.command import logs
from connector.cli.pauses import pause, resume
from connector.cli.reconcile import reconcile
from connector.cli.secrets import secrets
from connector.cli.status import status
from connector.cli.texts import refuse_empty_texts, refuse_repeated_options
from connector.cli.translate import translate


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(__version__, prog_name="connector")
def cli() -> None:
    """Operate the connector between Visma.net ERP and Orderful.

    Commands that reach a deployed stack find it by --stack or CONNECTOR_STACK, or by looking for the only one; region,
    endpoint and credentials come from the AWS environment. Exit codes: 0 done, 1 not done, 2 wrong input, 3 something
    is parked or needs a person, 4 a change is refused.
    """


for command in (
    *(status, digest, config, translate, explain, change, documents, changes, logs, deadletters, pause, resume),
    *(baseline, backfill, reconcile, cursors, holds, alarms, data, doctor, secrets),
):
    cli.add_command(command)
add_examples(cli)
refuse_empty_texts(cli)
refuse_repeated_options(cli)
