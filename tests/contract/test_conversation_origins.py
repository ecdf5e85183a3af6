"""A chat on somebody else's site: its pages talk where the conversation's agent lists the site, and nowhere else."""

import pytest

from runtime.models import Agent, Message
from tests.contract.chatting import Visitor, ask, bye, started
from tests.contract.conftest import is_problem
from tests.flows import chain

SHOP = {"Origin": "https://shop.example.com"}
ASKS = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "authorization, content-type"}


@pytest.fixture
def jane(workspace, publish, program):
    Agent.objects.create(workspace=workspace, slug="shop", name="Shop", origins=["https://shop.example.com"])
    publish(chain(started(), ask("name", "Name?"), bye(text="Bye")), kind="conversation")
    return Visitor(program, agent="shop")


def test_a_page_of_a_listed_site_asks_first_and_then_talks(jane, nobody):
    path = f"{jane.path}messages/"
    asked = nobody.call("OPTIONS", path, headers={**SHOP, **ASKS})
    assert (asked.status_code, asked.headers["Access-Control-Allow-Origin"]) == (204, SHOP["Origin"])
    assert asked.headers["Access-Control-Allow-Methods"] == "POST"
    assert "Authorization" in asked.headers["Access-Control-Allow-Headers"]
    assert "Access-Control-Allow-Credentials" not in asked.headers
    said = jane.page.post(path, {"id": "1", "text": "Jane"}, headers=SHOP)
    assert (said.status_code, said.value["status"]) == (200, "ended")
    assert said.headers["Access-Control-Allow-Origin"] == SHOP["Origin"]
    assert "Origin" in said.headers["Vary"]
    assert jane.page.get(jane.path, headers=SHOP).headers["Access-Control-Allow-Origin"] == SHOP["Origin"]
    wrong = nobody.post(path, {"id": "2", "text": "x"}, headers={**SHOP, "Authorization": "Bearer x"})
    is_problem(wrong, 404)  # which its page may read
    assert wrong.headers["Access-Control-Allow-Origin"] == SHOP["Origin"]


@pytest.mark.parametrize(
    "origin",
    ["https://evil.example", "http://shop.example.com", "https://shop.example.com:8443", "https://shop.example.com.evil",
     "https://a.shop.example.com", "null", "file://"],
)  # fmt: skip
def test_no_other_site_is_let_in_whatever_its_token(jane, origin):
    for method, path in (("OPTIONS", "messages/"), ("POST", "messages/"), ("GET", ""), ("POST", "end/")):
        body = {"id": "1", "text": "Jane"} if method == "POST" else None
        answer = jane.page.call(method, f"{jane.path}{path}", body, headers={"Origin": origin, **ASKS})
        assert is_problem(answer, 403)["type"].endswith("origin_not_allowed")
        assert "Access-Control-Allow-Origin" not in answer.headers
    assert Message.objects.filter(role="user").count() == 0
    assert jane.thread()["status"] == "waiting"


def test_nothing_is_open_by_default_and_our_own_pages_need_no_leave(publish, program, live):
    publish(chain(started(), ask("name", "Name?"), bye(text="Bye")), kind="conversation")
    joe = Visitor(program)
    is_problem(joe.page.get(joe.path, headers=SHOP), 403)
    assert joe.page.get(joe.path, headers={"Origin": live}).status_code == 200
    for path in ("/conversations/", "/events/", "/actions/", "/flows/"):
        assert "Access-Control-Allow-Origin" not in program.call("OPTIONS", path, headers={**SHOP, **ASKS}).headers


def test_an_agents_sites_are_set_and_what_is_no_origin_is_refused(program):
    made = program.post("/agents/", {"name": "Shop", "origins": ["HTTPS://Shop.example.com/", "http://localhost:3000"]})
    assert made.value["origins"] == ["https://shop.example.com", "http://localhost:3000"]
    path = f"/agents/{made.value['id']}/"
    for wrong in ("*", "https://*.example.com", "shop.example.com", "https://a.example/path", "javascript:alert(1)",
                  "https://user@a.example"):  # fmt: skip
        assert is_problem(program.patch(path, {"origins": [wrong]}), 422)["errors"][0]["pointer"] == "/origins"
    is_problem(program.patch(path, {"origins": [f"https://{n}.example" for n in range(21)]}), 422)
    assert program.patch(path, {"origins": []}).value["origins"] == []


def test_the_agents_page_keeps_its_sites_and_its_data_endpoint(as_role, program, workspace):
    agent = Agent.objects.create(workspace=workspace, slug="shop", name="Shop", data_url="https://crm.example.com/in")
    browser, page = as_role("editor"), f"//settings/agents/{agent.pk}/"
    shown = browser.get(page).text
    assert "https://crm.example.com/in" in shown
    form = {"name": "Shop", "slug": "shop", "platform": "generic", "data_url": agent.data_url,
            "origins": "https://shop.example.com\r\n\r\nhttps://www.example.com"}  # fmt: skip
    cookie = browser.session.headers["X-CSRFToken"]
    answer = browser.session.post(f"{browser.url}{page[1:]}", data={**form, "csrfmiddlewaretoken": cookie})
    assert answer.status_code == 200
    kept = program.get(f"/agents/{agent.pk}/").value
    assert kept["origins"] == ["https://shop.example.com", "https://www.example.com"]
    assert kept["data_url"] == "https://crm.example.com/in"
