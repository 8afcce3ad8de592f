"""Serving: the same answers in every format, for one row and for many, as the training said they would be."""

import json
import shutil

import pytest

from containers.settings import ServeSettings
from tests.containers.serving import Server
from tests.contract.cases import CASES, each_algorithm, each_case

pytestmark = pytest.mark.slow


def codec(case, trained):
    root = trained(case).root
    return case.algorithm.load(root / "model", ServeSettings.read({}, root)).codec


def ask(case, server, examples, content_type, accept, path="/invocations", in_kind=()):
    """The answers of a server; requests of the types `in_kind` are answered in the same, whatever they accept."""
    body = case.request(examples, content_type)
    status, response = server.send("POST", path, body, Content_Type=content_type, Accept=accept)
    assert status == 200, response
    return case.answers(response, content_type if content_type in in_kind else accept)


@each_case
def test_the_served_model_is_as_good_as_training_said(case, trained, served):
    examples = case.unseen
    of = codec(case, trained)
    score = case.score(examples, ask(case, served(case), examples, of.accepts[0], of.returns[0]))
    *_, said = (row["value"] for row in trained(case).metrics if row["name"] == case.quality)
    assert score == pytest.approx(said, rel=1e-6)
    assert case.is_good(score)


@each_case
def test_every_format_gives_the_same_answers(case, trained, served):
    """Those of the model loaded anywhere else, too."""
    examples, of = case.unseen, codec(case, trained)
    in_kind = getattr(of, "in_kind", ())
    expected = trained(case).answers(examples)
    assert len(expected) == len(examples)
    for content_type in of.accepts:
        for accept in of.returns:
            assert ask(case, served(case), examples, content_type, accept, in_kind=in_kind) == expected, (content_type, accept)


@each_case
def test_a_batch_is_answered_as_its_rows_one_by_one_and_in_their_order(case, trained, served):
    examples, of = case.unseen[:20], codec(case, trained)
    formats = of.accepts[0], of.returns[0]
    batch = ask(case, served(case), examples, *formats)
    assert [answer for example in examples for answer in ask(case, served(case), [example], *formats)] == batch
    assert ask(case, served(case), examples[::-1], *formats) == batch[::-1]


@each_algorithm
def test_without_headers_the_first_formats_are_assumed(case, trained, served):
    examples, of = case.unseen, codec(case, trained)
    for headers in ({}, {"Accept": "*/*"}):
        status, body = served(case).send("POST", "/invocations", case.request(examples, of.accepts[0]), **headers)
        assert status == 200, body
        assert case.answers(body, of.returns[0]) == trained(case).answers(examples)


@each_algorithm
def test_the_server_says_that_it_is_there_and_what_it_can_take(case, served):
    assert served(case).send("GET", "/ping") == (200, b"")
    status, body = served(case).send("GET", "/execution-parameters")
    assert status == 200
    assert set(json.loads(body)) == {"MaxConcurrentTransforms", "BatchStrategy", "MaxPayloadInMB"}


@each_algorithm
def test_types_that_are_not_known(case, trained, served):
    of = codec(case, trained)
    body = case.request(case.unseen, of.accepts[0])
    status, reason = served(case).send("POST", "/invocations", body, Content_Type="image/png")
    assert (status, [name for name in ("image/png", *of.accepts) if name not in reason.decode()]) == (415, [])
    status, reason = served(case).send("POST", "/invocations", body, Content_Type=of.accepts[0], Accept="image/png")
    assert (status, [name for name in ("image/png", *of.returns) if name not in reason.decode()]) == (406, [])


@each_algorithm
def test_bodies_that_are_refused(case, trained, served):
    empty = [(content_type, b"", ()) for content_type in codec(case, trained).accepts]
    for content_type, body, says in [*empty, *case.bad_requests]:
        status, reason = served(case).send("POST", "/invocations", body, Content_Type=content_type)
        assert status == 400, (content_type, body, reason)
        assert [words for words in says if words not in reason.decode()] == [], reason
        assert "\n" not in reason.decode(), "one line of text"
        assert "Traceback" not in reason.decode()


@each_algorithm
def test_several_models_in_one_container(case, trained, served, tmp_path):
    others = [other for other in CASES if other.algorithm_name == case.algorithm_name]
    server = Server(tmp_path, algorithm=case.algorithm_name, environ={"SAGEMAKER_MULTI_MODEL": "true"})
    try:
        if not case.algorithm.multi_model:
            assert server.process.wait(30) == 1
            return
        server.ready()
        for other in others:
            shutil.copytree(trained(other).root / "model", tmp_path / "models" / other.name / "model")
            load = {"model_name": other.name, "url": f"/opt/ml/models/{other.name}/model"}
            assert server.send("POST", "/models", json.dumps(load))[0] == 200
        for other in others:
            examples, of = other.unseen, codec(other, trained)
            path = f"/models/{other.name}/invoke"
            assert ask(other, server, examples, of.accepts[0], of.returns[0], path) == trained(other).answers(examples)
        assert server.send("DELETE", f"/models/{case.name}")[0] == 200
        assert server.send("POST", f"/models/{case.name}/invoke", b"")[0] == 404
    finally:
        server.close()
