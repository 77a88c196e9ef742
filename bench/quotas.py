"""The figures that `bench.scale` reckons with: limits of AWS and of the vendors, what is measured, what is assumed.

Each says where it comes from. AWS's are its defaults for `eu-north-1`, the region of `samconfig.toml`.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Origin(Enum):
    """Where a figure comes from."""

    CITED = "cited"
    MEASURED = "measured"
    ASSUMED = "assumed"


@dataclass(frozen=True, slots=True)
class Figure:
    """A number with its source.

    Attributes:
        source: An address, a program of this repository, or why it was assumed.
    """

    value: float
    unit: str
    origin: Origin
    source: str


_AWS = "https://docs.aws.amazon.com/"
_DYNAMO = _AWS + "amazondynamodb/latest/developerguide/"


def _cited(value: float, unit: str, source: str) -> Figure:
    return Figure(value, unit, Origin.CITED, source)


def _measured(value: float, unit: str, source: str) -> Figure:
    return Figure(value, unit, Origin.MEASURED, source)


def _assumed(value: float, unit: str, source: str) -> Figure:
    return Figure(value, unit, Origin.ASSUMED, source)


# ---- AWS. Read on 2026-11-29.

_SQS = _AWS + "AWSSimpleQueueService/latest/SQSDeveloperGuide/"
FIFO_CALLS = _cited(
    2_400,
    "calls a second and action of a FIFO queue in high throughput mode (70,000 in eu-west-1, 19,000 in eu-central-1)",
    _SQS + "quotas-messages.html",
)
FIFO_IN_FLIGHT = _cited(120_000, "messages in flight in a FIFO queue", _SQS + "quotas-fifo.html")
FIFO_BATCH = _cited(10, "messages in a batch", _SQS + "quotas-messages.html")
SQS_CHUNK = _cited(65_536, "bytes that count as one request", "https://aws.amazon.com/sqs/pricing/")
LAMBDA_CONCURRENCY = _cited(
    1_000, "executions at once in an account", _AWS + "lambda/latest/dg/gettingstarted-limits.html"
)
FULL_CORE_MB = _cited(1_769, "MB of memory that have one vCPU", _AWS + "lambda/latest/dg/configuration-memory.html")
PARTITION_WRITES = _cited(
    1_000, "write units a second of a partition, in an index too", _DYNAMO + "bp-partition-key-design.html"
)
PARTITION_READS = _cited(3_000, "read units a second of a partition", _DYNAMO + "bp-partition-key-design.html")
TABLE_WRITES = _cited(40_000, "write units a second of an on-demand table", _DYNAMO + "ServiceQuotas.html")
NEW_TABLE_WRITES = _cited(
    4_000,
    "write units a second of a new on-demand table; twice the former peak at once, more within 30 minutes",
    _DYNAMO + "on-demand-capacity-mode.html",
)
ITEM_BYTES = _cited(400 * 1024, "bytes of an item", _DYNAMO + "Constraints.html")
S3_WRITES = _cited(3_500, "PUTs a second of a prefix", _AWS + "AmazonS3/latest/userguide/optimizing-performance.html")
LOG_CALLS = _cited(5_000, "PutLogEvents a second of an account", _AWS + "general/latest/gr/cwl_region.html")
API_REQUESTS = _cited(10_000, "requests a second of an account", _AWS + "apigateway/latest/developerguide/limits.html")
KMS_CALLS = _cited(10_000, "symmetric operations a second", _AWS + "kms/latest/developerguide/requests-per-second.html")
SECRET_READS = _cited(10_000, "GetSecretValue a second", _AWS + "secretsmanager/latest/userguide/reference_limits.html")
SECRET_BYTES = _cited(65_536, "bytes of a secret", _AWS + "secretsmanager/latest/userguide/reference_limits.html")
SCHEDULER = _cited(
    1_000, "invocations a second (in the primary regions)", _AWS + "scheduler/latest/UserGuide/scheduler-quotas.html"
)

# ---- prices beside those of bench/cost.py: us-east-1, without the free tier.

STORED_GB = _cited(0.25, "USD a GB and month in DynamoDB", "https://aws.amazon.com/dynamodb/pricing/on-demand/")
RECOVERY_GB = _cited(
    0.20, "USD a GB and month of point-in-time recovery", "https://aws.amazon.com/dynamodb/pricing/on-demand/"
)
API_REQUEST = _cited(3.5e-6, "USD a request of a REST API", "https://aws.amazon.com/api-gateway/pricing/")
S3_PUT = _cited(5e-6, "USD a PUT", "https://aws.amazon.com/s3/pricing/")
OUT_GB = _cited(0.09, "USD a GB to the internet", "https://aws.amazon.com/ec2/pricing/on-demand/")

# ---- the vendors

ORDERFUL_MINUTE = _cited(
    100,
    "calls a minute and endpoint: the example of Orderful's documentation; what an account has is not published",
    "https://docs.orderful.com/reference/best-practices",
)
ORDERFUL_PAGE = _cited(100, "transactions of a page", "https://docs.orderful.com/docs/listing-transactions")
VISMA_HOUR = _cited(
    500,
    "calls an hour: of an application at the former host; that of a company and client at today's is not published",
    "https://docs.vismasoftware.no/vismanetapi (rate limits)",
)

# ---- measured. tests/integration/test_scale.py counts each again.

_LINE = "bench/line.py, counted by bench/write_units.py"
ITEM_UNITS = _measured(13, "write units of the table for a document", _LINE)
INDEX_UNITS = _measured(4, "write units of by_open_state for a document: two of TRANSLATED, two of SENT", _LINE)
KEY_UNITS = _measured(2, "write units of one key of by_open_state for a document", _LINE)
TRANSLATE_CALLS = _measured(3, "calls of DynamoDB to translate a document", "bench/ledger.py")
DELIVER_CALLS = _measured(4, "calls of DynamoDB to send a document", "bench/ledger.py")
DOCUMENT_METRICS = _measured(4, "metrics that documents report: queued, translated, sent, acknowledged", _LINE)
DOCUMENT_LINES = _measured(5, "log lines of a document", _LINE)
KEPT_BYTES = _measured(1_064, "bytes of a document that stay in the ledger", "bench/write_units.py (size_of)")
BODY_BYTES = _measured(
    2_532, "bytes of a document's bodies, an order of twenty lines", "bench/write_units.py (size_of)"
)
MESSAGE_BYTES = _measured(20_362, "bytes of an order of twenty lines as Visma sends it", "bench/line.py")
IDLE_UNITS = _measured(16, "write units of a run of all schedules with one company", "bench/cost.py")
IDLE_READS = _measured(26, "reads of a run of all schedules with one company", "bench/cost.py")
IDLE_METRICS = _measured(2, "metrics that an idle stack reports", "bench/cost.py")
IDLE_LINES = _measured(5, "log lines of a run of all schedules with one company", "bench/cost.py")
LIST_UNITS = _measured(2, "write units of a poll of one list: lease and cursor", "bench/cost.py")
TRANSLATE_CPU = _measured(
    0.000_193, "seconds of a core for the dearer dialect", "docs/performance.md (bench/translation.py)"
)
ROW_CPU = _measured(0.000_02, "seconds of a core for a row of a poll", "docs/performance.md (bench/poll.py)")
ROUTING_BYTES = _measured(23, "bytes of a partner in the stored routing", "bench/scale.py (routing_of)")
HEALTH_BYTES = _measured(70, "bytes of a company in the record of the lists", "bench/scale.py (health_bytes)")
PROGRESS_BYTES = _measured(148, "bytes of a company in the progress of reconcile", "bench/scale.py (progress_bytes)")

# ---- assumed: neither AWS nor a vendor says it, and nothing on a laptop measures it.

CALL_SECONDS = _assumed(0.010, "seconds of a call of DynamoDB", "AWS says single-digit milliseconds; the upper end")
VISMA_SECONDS = _assumed(0.4, "seconds of a list that has little", "bench/cost.py: two seconds for five lists")
ORDERFUL_SECONDS = _assumed(0.5, "seconds of a call of Orderful", "no figure is published")
REQUEST_BYTES = _assumed(10_000, "bytes of a request to Orderful", "half of what Visma sends for the document")
ACKNOWLEDGED_MINUTES = _assumed(
    60, "minutes until a partner acknowledges", "partners answer within the hour where they answer by machine"
)
INBOUND_SHARE = _assumed(
    0.05, "incoming transactions for each document sent", "one order in twenty is changed or answered"
)
LARGE_SHARE = _assumed(0.01, "share of documents above 100 KB, which go to S3", "orders of some hundred lines are rare")
STATUS_CHANGES = _assumed(
    3, "statuses that are written down for a document", "valid, delivered and acknowledged, each at another look"
)
PEAK = _assumed(4, "times the mean of the day in the busiest hour", "office hours, with an order run in the morning")

FIGURES = {name: one for name, one in globals().items() if isinstance(one, Figure)}
"""Every figure by its name."""
