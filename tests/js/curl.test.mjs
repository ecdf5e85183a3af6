/** Commands as people copy them: from documents of APIs, from browsers' developer tools, from Postman, from their own history. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { isCurl, readCurl } from "../../static/editor/model/curl.js";

const pairs = (list) => Object.fromEntries(list.map(({ name, value }) => [name, value]));
const secretIn = (request) => {
  const { credentials: _apart, ...kept } = request;
  return JSON.stringify(kept);
};

test("an address alone is a GET", () => {
  const request = readCurl("curl https://api.example.com/orders");
  assert.deepEqual([request.method, request.url, request.body.type, request.credentials], ["GET", "https://api.example.com/orders", "none", null]);
});

test("Stripe: user name before the colon, form fields", () => {
  const request = readCurl(`curl https://api.stripe.com/v1/charges \\
    -u sk_test_4eC39HqLyjWDarjtT1zdp7dc: \\
    -d amount=2000 \\
    -d currency=usd \\
    -d "description=My First Test Charge"`);
  assert.equal(request.method, "POST");
  assert.deepEqual(request.credentials, { type: "basic", username: "sk_test_4eC39HqLyjWDarjtT1zdp7dc", password: "" });
  assert.equal(request.body.type, "form");
  assert.deepEqual(pairs(request.body.form), { amount: "2000", currency: "usd", description: "My First Test Charge" });
  assert.ok(!secretIn(request).includes("sk_test"));
});

test("Zendesk: basic credentials, JSON body, method by itself", () => {
  const request = readCurl(`curl https://acme.zendesk.com/api/v2/tickets.json \\
  -H "Content-Type: application/json" -X POST \\
  -v -u jdoe@example.com/token:6wiIBWbGkBMo1mRDMuVwkw1EPsNkeUj95PIz2akv \\
  -d '{"ticket": {"subject": "My printer is on fire!", "comment": { "body": "The smoke is very colorful." }}}'`);
  assert.deepEqual([request.method, request.url, request.headers.length], ["POST", "https://acme.zendesk.com/api/v2/tickets.json", 0]);
  assert.equal(request.credentials.username, "jdoe@example.com/token");
  assert.equal(JSON.parse(request.body.content).ticket.comment.body, "The smoke is very colorful.");
});

test("HubSpot: a bearer token with --header and --request", () => {
  const request = readCurl(`curl --request POST \\
  --url 'https://api.hubapi.com/crm/v3/objects/contacts?archived=false&limit=10' \\
  --header 'authorization: Bearer pat-na1-11111111-2222-3333-4444-555555555555' \\
  --header 'content-type: application/json' \\
  --data '{
  "properties": {
    "email": "example@hubspot.com"
  }
}'`);
  assert.deepEqual(pairs(request.query), { archived: "false", limit: "10" });
  assert.equal(request.url, "https://api.hubapi.com/crm/v3/objects/contacts");
  assert.deepEqual(request.credentials, { type: "bearer", token: "pat-na1-11111111-2222-3333-4444-555555555555" });
  assert.ok(!secretIn(request).includes("pat-na1"));
  assert.equal(JSON.parse(request.body.content).properties.email, "example@hubspot.com");
});

test("OpenAI: a shell's variable stands for a secret we do not have", () => {
  const request = readCurl(
    `curl https://api.openai.com/v1/chat/completions -H "Content-Type: application/json" -H "Authorization: Bearer $OPENAI_API_KEY" -d '{"model": "gpt-4o", "max_tokens": 20, "messages": [{"role": "user", "content": "Say it'\\''s fine"}]}'`,
  );
  assert.deepEqual(request.credentials, { type: "bearer", token: "" });
  assert.equal(JSON.parse(request.body.content).messages[0].content, "Say it's fine");
  assert.equal(JSON.parse(request.body.content).max_tokens, 20);
  assert.deepEqual(request.left, []);
});

test("Anthropic: a key in a header of its own", () => {
  const request = readCurl(
    `curl https://api.anthropic.com/v1/messages --header "x-api-key: sk-ant-123" --header "anthropic-version: 2023-06-01" --header "content-type: application/json" --data '{"max_tokens": 1024}'`,
  );
  assert.deepEqual(request.credentials, { type: "api_key", key: "sk-ant-123", place: "header", name: "x-api-key", prefix: "" });
  assert.deepEqual(pairs(request.headers), { "anthropic-version": "2023-06-01" });
});

test("a token with a word of its own before it", () => {
  const request = readCurl(`curl -X GET https://api.example.com/v1/me -H 'Authorization: Token token=abc123'`);
  assert.deepEqual(request.credentials, { type: "api_key", key: "token=abc123", place: "header", name: "Authorization", prefix: "Token " });
});

test("basic credentials that are encoded already", () => {
  const request = readCurl(`curl -H 'Authorization: Basic YWxhZGRpbjpvcGVuc2VzYW1l' https://example.com/`);
  assert.deepEqual(request.credentials, { type: "basic", username: "aladdin", password: "opensesame" });
});

test("credentials inside the address", () => {
  const request = readCurl("curl https://anna:p%40ss@api.example.com/x");
  assert.deepEqual([request.url, request.credentials], ["https://api.example.com/x", { type: "basic", username: "anna", password: "p@ss" }]);
});

test("a key in the query", () => {
  const request = readCurl("curl 'https://maps.example.com/geocode?address=1+Main+St&key=public&api_key=AIza999'");
  assert.deepEqual(pairs(request.query), { address: "1 Main St", key: "public" });
  assert.deepEqual(request.credentials, { type: "api_key", key: "AIza999", place: "query", name: "api_key", prefix: "" });
  assert.ok(!secretIn(request).includes("AIza999"));
});

test("only the first credentials become a connection; the others are named and gone", () => {
  const request = readCurl(`curl https://example.com -u a:b -H 'X-Secret-Key: two' -H 'X-Auth-Token: three'`);
  assert.equal(request.credentials.type, "basic");
  assert.deepEqual(request.left, ["the header X-Secret-Key", "the header X-Auth-Token"]);
  assert.ok(!/two|three/.test(secretIn(request)));
});

test("copied from Chrome (bash): cookies and a browser's own headers stay away", () => {
  const request = readCurl(`curl 'https://app.example.com/api/items' \\
  -H 'accept: application/json, text/plain, */*' \\
  -H 'accept-language: en-US,en;q=0.9' \\
  -H 'content-type: application/json' \\
  -b 'session=abc; theme=dark' \\
  -H 'origin: https://app.example.com' \\
  -H 'sec-ch-ua: "Chromium";v="128"' \\
  -H 'sec-fetch-mode: cors' \\
  -H 'user-agent: Mozilla/5.0 (X11; Linux x86_64)' \\
  -H 'x-csrf-token: 1234567890' \\
  --data-raw $'{"text":"It\\'s \\u00fcber\\\\n"}' \\
  --compressed`);
  assert.deepEqual(Object.keys(pairs(request.headers)), ["accept", "accept-language", "x-csrf-token"]);
  assert.deepEqual(request.left, ["cookies"]);
  assert.deepEqual(JSON.parse(request.body.content), { text: "It's über\n" });
  assert.equal(request.method, "POST");
});

test("copied from Chrome (Windows cmd): carets", () => {
  const request = readCurl(`curl ^"https://app.example.com/api/items?x=1^&y=2^" ^
  -H ^"content-type: application/json^" ^
  --data-raw ^"^{^\\^"text^\\^":^\\^"hi^\\^"^}^"`);
  assert.deepEqual([request.url, pairs(request.query)], ["https://app.example.com/api/items", { x: "1", y: "2" }]);
  assert.deepEqual(JSON.parse(request.body.content), { text: "hi" });
});

test("copied from Postman: --location, long options, lines", () => {
  const request = readCurl(`curl --location --globoff 'https://example.com/form' \\
--form 'name="Jane Doe"' \\
--form 'photo=@"/home/jane/photo.png"' \\
--form 'note=plain;type=text/plain'`);
  assert.equal(request.body.type, "multipart");
  assert.deepEqual(pairs(request.body.form), { name: "Jane Doe", photo: "", note: "plain" });
  assert.deepEqual(request.left, ['the file "/home/jane/photo.png"']);
  assert.equal(request.follow, true);
});

test("-G turns data into the query", () => {
  const request = readCurl(`curl -G https://example.com/search --data-urlencode "q=broken blender & lid" -d limit=5`);
  assert.deepEqual([request.method, request.body.type, pairs(request.query)], ["GET", "none", { q: "broken blender & lid", limit: "5" }]);
});

test("--json is a POST with JSON", () => {
  const request = readCurl(`curl --json '{"a":1}' https://example.com/`);
  assert.deepEqual([request.method, request.body.type, request.headers], ["POST", "json", []]);
});

test("JSON without a content type is JSON all the same", () => {
  assert.equal(readCurl(`curl -d '{"a":{"b":2}}' example.com/x`).body.type, "json");
  assert.equal(readCurl(`curl -d '{"a":{"b":2}}' example.com/x`).url, "https://example.com/x");
});

test("text and XML stay text with their content type", () => {
  const request = readCurl(`curl -X PUT -H 'Content-Type: application/xml' -d '<a b="1">x</a>' https://example.com`);
  assert.deepEqual([request.body, pairs(request.headers)], [{ type: "text", content: '<a b="1">x</a>' }, { "Content-Type": "application/xml" }]);
});

test("half-written JSON is kept for the person to mend", () => {
  assert.deepEqual(readCurl(`curl -H 'content-type: application/json' -d '{"a": ' https://example.com`).body, { type: "json", content: '{"a": ' });
});

test("short options stuck together and with their values", () => {
  const request = readCurl(`curl -sSLXPATCH -H"Accept: text/plain" -da=1 https://example.com/x`);
  assert.deepEqual([request.method, request.follow, pairs(request.headers), request.body.type], ["PATCH", true, { Accept: "text/plain" }, "form"]);
});

test("options about the transfer say nothing about the request", () => {
  const request = readCurl("curl -k -i --compressed -o out.json -w '%{http_code}' -x http://proxy:8080 --max-time 7.5 --retry 3 https://example.com/x");
  assert.deepEqual([request.url, request.headers, request.settings], ["https://example.com/x", [], { timeout_seconds: 8, retry: { max_attempts: 4 } }]);
});

test("what is piped on is not part of it", () => {
  const request = readCurl("$ curl -s https://example.com/a?b=1 | jq '.items[]' > out.json");
  assert.deepEqual([request.url, pairs(request.query)], ["https://example.com/a", { b: "1" }]);
});

test("secrets inside bodies lose their values and are named", () => {
  const form = readCurl("curl https://example.com/oauth/token -d grant_type=client_credentials -d client_id=abc -d client_secret=hush");
  assert.deepEqual(pairs(form.body.form), { grant_type: "client_credentials", client_id: "abc", client_secret: "" });
  const json = readCurl(`curl https://example.com/login --json '{"user": {"name": "a", "password": "hush"}}'`);
  assert.deepEqual(JSON.parse(json.body.content), { user: { name: "a", password: "" } });
  assert.deepEqual([form.left, json.left], [["the value of client_secret"], ["the value of password"]]);
});

test("variables of a flow are no secrets and stay", () => {
  const request = readCurl(
    `curl 'https://example.com/t/{{interaction.id}}' -H 'X-Token: {{vars.token}}' -d '{"id": {{vars.n}}}' -H 'content-type: application/json'`,
  );
  assert.equal(request.url, "https://example.com/t/{{interaction.id}}");
  assert.deepEqual([pairs(request.headers), request.body.content, request.credentials], [{ "X-Token": "{{vars.token}}" }, '{"id": {{vars.n}}}', null]);
});

test("HEAD, an address without a scheme, one on this machine", () => {
  assert.equal(readCurl("curl -I example.com").method, "HEAD");
  assert.equal(readCurl("curl localhost:8000/x").url, "http://localhost:8000/x");
});

test("other texts are no commands", () => {
  assert.deepEqual([isCurl("curling is a sport"), readCurl("curl --help"), readCurl('{"a": 1}')], [false, null, null]);
  assert.equal(readCurl("wget https://example.com"), null);
});

test("an open quote ends with the text", () => {
  assert.equal(readCurl(`curl 'https://example.com/x`).url, "https://example.com/x");
});
