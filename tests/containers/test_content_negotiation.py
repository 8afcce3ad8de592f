import pytest

from containers.content.negotiation import negotiate

RETURNS = ("application/json", "application/jsonlines", "application/x-recordio-protobuf")


@pytest.mark.parametrize(
    ("accept", "chosen"),
    [
        (None, "application/json"),
        ("", "application/json"),
        (" , ", "application/json"),
        ("*/*", "application/json"),
        ("*", "application/json"),
        ("application/*", "application/json"),
        ("application/jsonlines", "application/jsonlines"),
        ("APPLICATION/JSONLINES; charset=utf-8", "application/jsonlines"),
        ("application/x-recordio-protobuf, application/json", "application/x-recordio-protobuf"),
        ("application/json;q=0.5, application/jsonlines", "application/jsonlines"),
        ("text/html, */*;q=0.1", "application/json"),
        ("*/*;q=0.1, application/jsonlines;q=0.2", "application/jsonlines"),
        ("application/*, application/json;q=0", "application/jsonlines"),
        ("jsonlines", "application/jsonlines"),
        ("text/csv, application/jsonl", "application/jsonlines"),
        ("text/csv", None),
        ("text/*", None),
        ("application/json;q=0", None),
        ("*/*;q=0", None),
        ("application/json;q=often", None),
    ],
)
def test_the_best_type_that_both_sides_know(accept, chosen):
    media = negotiate(accept, RETURNS)

    assert (media.name if media else None) == chosen
