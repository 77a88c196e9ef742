"""The built artifact stands on its own: nothing of this machine's environments is needed to run it."""

from __future__ import annotations

import subprocess
import sys
from importlib.util import cache_from_source
from pathlib import Path

import pytest

pytestmark = pytest.mark.xdist_group("artifact")

FUNCTIONS = {
    "PollVismaFunction": "poll_visma_handler",
    "TranslateDocumentFunction": "translate_document_handler",
    "DeliverTransactionFunction": "deliver_transaction_handler",
    "TrackTransactionsFunction": "track_transactions_handler",
    "ReceiveCallbackFunction": "receive_callback_handler",
    "PollOrderfulFunction": "poll_orderful_handler",
    "ApplyChangeFunction": "apply_change_handler",
    "ReconcileFunction": "reconcile_handler",
    "SendDigestFunction": "send_digest_handler",
}
# The layer without the AWS SDK: what a cold start has to fetch.
SIZE_LIMIT = 25_000_000
SDK = {"boto3", "botocore", "s3transfer"}
# PEP 552: the second word of a .pyc is 0b01 when it carries a hash of its source that is not checked.
UNCHECKED_HASH = (1).to_bytes(4, "little")


def _python(artifact: Path, function: str, code: str) -> str:
    """Run `code` as Lambda would: function and layer on the path, and no site-packages."""
    paths = [str(artifact / function), str(artifact / "ConnectorLayer" / "python")]
    ended = subprocess.run(
        [sys.executable, "-I", "-S", "-c", f"import sys; sys.path[:0] = {paths!r}\n{code}"],
        env={"AWS_DEFAULT_REGION": "eu-north-1", "POWERTOOLS_SERVICE_NAME": "connector"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    return ended.stdout


@pytest.mark.parametrize(("function", "module"), FUNCTIONS.items())
def test_every_handler_can_be_imported_from_the_artifact_alone(artifact: Path, function: str, module: str) -> None:
    output = _python(
        artifact, function, f"import {module}, connector; print(callable({module}.handler), connector.__file__)"
    )

    assert output.split() == ["True", str(artifact / "ConnectorLayer/python/connector/__init__.py")]


@pytest.mark.parametrize(("function", "module"), FUNCTIONS.items())
def test_importing_a_handler_loads_no_heavy_client(artifact: Path, function: str, module: str) -> None:
    heavy = (
        "boto3",
        "botocore.client",
        "requests",
        "urllib3",
        "tenacity",
        "email.parser",
        "http.client",
        "logging.config",
    )

    output = _python(artifact, function, f"import {module}; print([name for name in {heavy!r} if name in sys.modules])")

    assert output.strip() == "[]"


def test_the_layer_has_every_client_that_the_functions_use(artifact: Path) -> None:
    services = ("dynamodb", "s3", "secretsmanager", "sqs")
    code = f"import boto3\nfor name in {services!r}: print(boto3.client(name).meta.endpoint_url)"

    endpoints = _python(artifact, "PollVismaFunction", code).split()

    assert len(endpoints) == 4
    assert all(endpoint.startswith("https://") for endpoint in endpoints)


def test_an_empty_endpoint_counts_as_none_for_the_sdk_so_the_template_may_declare_it(artifact: Path) -> None:
    code = "import os; os.environ['AWS_ENDPOINT_URL'] = ''\nimport boto3; print(boto3.client('sqs').meta.endpoint_url)"

    assert _python(artifact, "PollVismaFunction", code).strip() == "https://sqs.eu-north-1.amazonaws.com"


def test_every_module_of_the_layer_is_compiled_and_is_never_compared_with_its_source(artifact: Path) -> None:
    sources = sorted((artifact / "ConnectorLayer").rglob("*.py"))
    compiled = {source: Path(cache_from_source(str(source))) for source in sources}

    assert len(sources) > 500
    assert [source for source, pyc in compiled.items() if not pyc.is_file()] == []
    assert {pyc.read_bytes()[4:8] for pyc in compiled.values()} == {UNCHECKED_HASH}


def test_the_layer_is_small_and_carries_no_tests(artifact: Path) -> None:
    layer = artifact / "ConnectorLayer"
    parts = [path for path in (layer / "python").iterdir() if path.name.split("-")[0] not in SDK]
    files = [path for part in parts for path in (part, *part.rglob("*")) if path.is_file()]

    assert sum(path.stat().st_size for path in files) < SIZE_LIMIT
    assert [path for path in layer.rglob("tests") if path.is_dir()] == []
