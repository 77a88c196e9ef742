from __future__ import annotations

import pytest

from connector.cli.config.file_text import LEFT_OUT, kept_text, secret_lines
from connector.cli.files import check_text

TEXT = """companies:
  nordic:  # {comment}
    name: "Nordic # 1"
    visma: {{company_id: "1", tenant_id: t}}
    orderful: {{isa_id: {{live: A, test: AT}}}}
"""


def data_of(text):
    return check_text(text.encode(), "file").checked.data


@pytest.mark.parametrize(
    "comment",
    [
        "client secret: a93Kd02lsPq94jd",
        'password = "a93Kd02lsPq94jd"',
        "Authorization: Bearer a93Kd02lsPq94jd",
        "AKIAIOSFODNN7EXAMPLE",
        "-----BEGIN PRIVATE KEY-----",
        "MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC7",
    ],
)
def test_a_comment_that_looks_like_a_secret_is_left_out_and_nothing_else(comment):
    text = TEXT.format(comment=comment)
    assert secret_lines(text) == [2]
    kept, lines = kept_text(text.encode(), data_of(text))
    assert (kept.decode(), lines) == (text.replace(f"# {comment}", LEFT_OUT), [2])


@pytest.mark.parametrize(
    "comment",
    [
        "the token is in Secrets Manager",
        "secret: see the vault",
        "password: ask-the-team-of-kari",
        "https://developers.orderful.com/docs/mosaic-850-purchase-order",
        "key accounts: 10045 and 10046",
    ],
)
def test_what_people_write_in_comments_is_kept(comment):
    text = TEXT.format(comment=comment)
    assert secret_lines(text) == []
    assert kept_text(text.encode(), data_of(text)) == (text.encode(), ())


def test_line_ends_and_the_mark_at_the_beginning_stay_as_they_are():
    text = "\ufeff" + TEXT.format(comment="token: a93Kd02lsPq94jd").replace("\n", "\r\n")
    kept, _ = kept_text(text.encode(), data_of(text))
    assert kept.decode() == text.replace("# token: a93Kd02lsPq94jd", LEFT_OUT)


def test_no_text_is_kept_where_leaving_out_would_change_the_content():
    text = TEXT.format(comment="-").replace("Nordic # 1", "Nordic # token: a93Kd02lsPq94jd")
    assert kept_text(text.encode(), data_of(text)) == (None, [3])
