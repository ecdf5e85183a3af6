"""Spans: a collector over HTTP gets one trace a run, with its steps under it and no word of a customer in it."""

import gzip
import os
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from runtime import tracing
from runtime.group_commit import recorder
from runtime.intake import Arrival, accept
from runtime.models import Run
from tests.flows import call_ended, chain, end, post_json

pytestmark = pytest.mark.django_db(transaction=True)


class Collector:
    """An OTLP endpoint that keeps the spans it is sent."""

    def __init__(self):
        self.spans, self.news, self.raw = [], threading.Condition(), b""
        collector = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                if self.headers.get("Content-Encoding") == "gzip":
                    body = gzip.decompress(body)
                request = ExportTraceServiceRequest.FromString(body)
                with collector.news:
                    collector.raw += body
                    for of_resource in request.resource_spans:
                        for of_scope in of_resource.scope_spans:
                            collector.spans += of_scope.spans
                    collector.news.notify_all()
                self.send_response(200)
                self.end_headers()

            def log_message(self, *args):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def wait_for(self, count):
        with self.news:
            assert self.news.wait_for(lambda: len(self.spans) >= count, 20), [span.name for span in self.spans]
        return list(self.spans)


@pytest.fixture
def collector(settings, monkeypatch):
    made = Collector()
    settings.OTEL_EXPORTER_OTLP_ENDPOINT = made.url
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", made.url)
    tracing._processor.cache_clear()
    yield made
    tracing._processor(os.getpid()).shutdown()
    tracing._processor.cache_clear()
    made.server.shutdown()
    made.server.server_close()


def attributes(span):
    return {pair.key: pair.value.string_value or pair.value.int_value for pair in span.attributes}


def test_a_run_is_one_trace_with_its_steps_below_it(collector, workspace, publish, work, peer):
    peer.answers = [(500, {})]
    publish(workspace, chain(call_ended(), post_json("call", peer.url, '{"text": "{{interaction.summary}}"}'), end()))
    payload = {"interaction": {"id": "call_1", "status": "completed", "summary": "She asked about her blender"}}
    recorder().submit(accept, Arrival(workspace.pk, "api", "call.ended", payload)).result(10)
    work()
    spans = collector.wait_for(3)
    run = Run.objects.get()
    assert {span.trace_id for span in spans} == {run.pk.bytes}
    by_name = {span.name: span for span in spans}
    whole, call = by_name["run post_call"], by_name["step api_request"]
    assert call.parent_span_id == whole.span_id
    assert not whole.parent_span_id
    assert attributes(call)["error.type"] == "http_500"
    assert attributes(whole)["segue.run.status"] == "failed"
    assert whole.start_time_unix_nano <= call.start_time_unix_nano <= call.end_time_unix_nano
    assert b"blender" not in collector.raw


def test_without_an_endpoint_nothing_is_made(settings, workspace, publish, work):
    assert not settings.OTEL_EXPORTER_OTLP_ENDPOINT
    tracing._processor.cache_clear()
    publish(workspace, chain(call_ended(), end()))
    arrival = Arrival(workspace.pk, "api", "call.ended", {"interaction": {"id": "call_2", "status": "completed"}})
    recorder().submit(accept, arrival).result(10)
    work()
    assert tracing._processor.cache_info().currsize == 0


def test_a_collector_that_is_gone_holds_up_no_run(settings, monkeypatch, workspace, publish, work):
    settings.OTEL_EXPORTER_OTLP_ENDPOINT = "http://127.0.0.1:9"
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:9")
    tracing._processor.cache_clear()
    publish(workspace, chain(call_ended(), end()))
    arrival = Arrival(workspace.pk, "api", "call.ended", {"interaction": {"id": "call_3", "status": "completed"}})
    recorder().submit(accept, arrival).result(10)
    work()
    assert Run.objects.get().status == "succeeded"
    tracing._processor.cache_clear()
