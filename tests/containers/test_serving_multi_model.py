import pytest

from containers.serving import multi_model
from containers.serving.app import create_app
from containers.serving.registry import Registry
from containers.settings import ServeSettings
from tests.containers.served import drydock_served
from tests.containers.serving import write_model


def make_client(root, **environ):
    settings = ServeSettings.read({"SAGEMAKER_MULTI_MODEL": "true", **environ}, root)
    return create_app(Registry(drydock_served.algorithm, settings), settings).test_client()


@pytest.fixture
def client(tmp_path):
    return make_client(tmp_path)


def load(client, name, url):
    return client.post("/models", json={"model_name": name, "url": url})


def load_new(client, root, name, *weights):
    write_model(root / "models" / name / "model", *weights or (1, 1))
    return load(client, name, f"/opt/ml/models/{name}/model")


def invoke(client, name, body="1,2"):
    return client.post(f"/models/{name}/invoke", data=body, content_type="text/csv")


def test_the_life_of_a_model(client, tmp_path):
    assert client.get("/ping").status_code == 200
    assert client.get("/models").get_json() == {"models": []}

    response = load_new(client, tmp_path, "abc", 1, 0.5)
    assert (response.status_code, response.get_json()) == (200, {"status": "Workers scaled"})

    described = {"modelName": "abc", "modelUrl": "/opt/ml/models/abc/model"}
    assert client.get("/models").get_json() == {"models": [described]}
    assert client.get("/models/abc").get_json() == described
    assert invoke(client, "abc").get_json() == {"predictions": [{"score": 2.0, "predicted_label": 1}]}

    response = client.delete("/models/abc")
    assert (response.status_code, response.get_json()) == (200, {"status": 'Model "abc" unregistered'})
    for gone in (client.get("/models/abc"), client.delete("/models/abc"), invoke(client, "abc")):
        assert (gone.status_code, gone.get_json()) == (404, {"message": "Model not found: abc"})
    assert load(client, "abc", "/opt/ml/models/abc/model").status_code == 200


def test_a_name_is_loaded_once(client, tmp_path):
    load_new(client, tmp_path, "abc", 1, 0)

    again = load_new(client, tmp_path, "abc", 0, 1)

    assert (again.status_code, again.get_json()) == (409, {"message": "Model abc is already registered."})
    assert invoke(client, "abc").get_json()["predictions"][0]["score"] == 1


def test_models_may_have_other_widths(client, tmp_path):
    load_new(client, tmp_path, "two", 1, 1)
    load_new(client, tmp_path, "three", 1, 1, 1)

    assert invoke(client, "two", "1,2").status_code == invoke(client, "three", "1,2,3").status_code == 200
    assert invoke(client, "three", "1,2").get_json() == {"message": "request, line 1: expected 3 columns, got 2 columns"}


def test_a_list_comes_in_pages(client, tmp_path, monkeypatch):
    monkeypatch.setattr(multi_model, "PAGE", 2)
    for name in "edcba":
        load_new(client, tmp_path, name)

    seen, query = [], {}
    while True:
        page = client.get("/models", query_string=query).get_json()
        seen.append([model["modelName"] for model in page["models"]])
        client.delete(f"/models/{seen[-1][-1]}")  # what is unloaded between two pages shifts nothing
        if "nextPageToken" not in page:
            break
        query = {"next_page_token": page["nextPageToken"]}

    assert seen == [["a", "b"], ["c", "d"], ["e"]]


def test_507_when_the_limit_is_reached_and_room_again_after_an_unload(tmp_path):
    client = make_client(tmp_path, DRYDOCK_MAX_MODELS="1")
    load_new(client, tmp_path, "a")

    refused = load_new(client, tmp_path, "b")

    assert refused.status_code == 507
    assert "DRYDOCK_MAX_MODELS" in refused.get_json()["message"]
    client.delete("/models/a")
    assert load_new(client, tmp_path, "b").status_code == 200


def test_507_when_memory_is_exhausted(client, tmp_path, monkeypatch):
    write_model(tmp_path / "models" / "huge")
    (tmp_path / "models" / "huge" / "weights.json").write_text('"huge"')
    assert load(client, "huge", "/opt/ml/models/huge").status_code == 507

    monkeypatch.setattr("containers.serving.registry.free_memory", lambda: 5)
    refused = load_new(client, tmp_path, "big", 1, 2)
    assert refused.status_code == 507
    assert refused.get_json()["message"].endswith("5 bytes of memory are free.")
    assert client.get("/models").get_json() == {"models": []}


def test_a_model_that_cannot_be_read_is_named_and_not_registered(client, tmp_path):
    write_model(tmp_path / "models" / "bad")
    (tmp_path / "models" / "bad" / "weights.json").write_text("{")

    response = load(client, "bad", "/opt/ml/models/bad")

    assert response.status_code == 400
    assert response.get_json()["message"].startswith("weights.json: ")
    write_model(tmp_path / "models" / "bad", 1, 1)
    assert load(client, "bad", "/opt/ml/models/bad").status_code == 200


@pytest.mark.parametrize("url", ["/etc", "/opt/ml/models/../model", "/opt/ml/models-other", "models", "/opt/ml/models/link"])
def test_models_lie_under_the_models_directory(client, tmp_path, url):
    write_model(tmp_path / "model", 1, 1)
    write_model(tmp_path / "models-other", 1, 1)
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / "link").symlink_to(tmp_path / "model")

    response = load(client, "abc", url)

    assert response.status_code == 400
    assert response.get_json()["message"].startswith("url: expected a directory inside ")


def test_a_directory_that_is_not_there(client):
    assert load(client, "abc", "/opt/ml/models/abc").status_code == 404


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b'{"model_name": "a"}',
        b'{"model_name": 3, "url": "/opt/ml/models"}',
        b'{"model_name": "a/b", "url": "/x"}',
        b'{"model_name": ".", "url": "/opt/ml/models"}',
        b'{"model_name": "..", "url": "/opt/ml/models"}',
    ],
)
def test_a_load_request_of_another_shape(client, body):
    response = client.post("/models", data=body, content_type="application/json")

    assert response.status_code == 400
    assert response.get_json()["message"].startswith('expected {"model_name": "...", "url":')


def test_a_method_that_a_route_does_not_know(client):
    response = client.put("/models/abc")

    assert (response.status_code, response.get_json()) == (405, {"message": "Method Not Allowed: /models/abc"})
    assert set(response.allow) == {"GET", "HEAD", "DELETE", "OPTIONS"}


def test_there_is_no_model_without_a_name(client):
    assert client.post("/invocations", data="1,2", content_type="text/csv").status_code == 404
