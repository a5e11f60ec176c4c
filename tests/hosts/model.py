"""A model that is a script, for hosts and agent frameworks: it calls our tools in a fixed order, does the person's part
on the sandbox's pages between the calls, and checks what it was handed of each result. It speaks as OpenAI's chat
completions and responses, Anthropic's messages and Google's generateContent do.

    model.py SANDBOX-ORIGIN LOG [STEPS]      prints its own origin; LOG gets one JSON line for each result that it reads;
                                             STEPS is a JSON file of other calls than those below
"""
import json
import re
import sys
import time
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

SANDBOX, LOG = sys.argv[1:3]

# What is called, with what, and what the model must read of it. A person's part comes before the call, and a pause
# in seconds.
STEPS = [
    {"what": "call", "tool": "list_contracts", "arguments": {}, "reads": "ctr_8Kq2"},
    {
        "what": "refusal",
        "tool": "create_milestone",
        "arguments": {"contractId": "ctr_8Kq2", "description": "Labels", "amountUsd": 150},
        "reads": f"{SANDBOX}/claim",
    },
    {
        "what": "pending",
        "tool": "request_milestone_funding",
        "arguments": {"milestoneId": "ms_4Dk7"},
        "presses": ["/claim", "/billing"],
        "reads": f"{SANDBOX}/approvals/",
    },
    {"what": "after", "tool": "get_contract", "arguments": {"contractId": "ctr_8Kq2"}, "reads": "ms_1aXf"},
]
if len(sys.argv) > 3:
    with open(sys.argv[3], encoding="utf-8") as steps:
        STEPS = json.load(steps)
# What hosts put before the name of a tool that they show only when the model asks for it.
DEFERRED = "mcp__opentrain-sandbox__"


def press(path):
    urllib.request.urlopen(urllib.request.Request(SANDBOX + path, data=b"", method="POST")).read()


def note(**line):
    with open(LOG, "a", encoding="utf-8") as log:
        log.write(json.dumps(line) + "\n")


def as_text(value):
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def named(names, tool):
    return next((name for name in names if re.search(rf"(^|[^a-z]){tool}$", name)), None)


class Model(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    told = 0
    # Anthropic keeps a conversation for those who want it: names and results of the messages before.
    thread = ([], [])

    def log_message(self, *_):
        pass

    def do_GET(self):
        self.whole({"object": "list", "data": [{"id": "stub", "object": "model"}], "models": []})

    def do_HEAD(self):
        self.whole({})

    def do_POST(self):
        body = json.loads(self.read() or b"{}")
        path = self.path.split("?")[0]
        if path.endswith(("/count_tokens", ":countTokens")):
            self.whole({"input_tokens": 1, "totalTokens": 1})
        elif path.endswith("/chat/completions"):
            self.chat(body)
        elif path.endswith("/responses"):
            self.respond(body)
        elif path.endswith("/messages"):
            self.messages(body)
        elif "enerateContent" in path:
            self.gemini(body, "stream" in path)
        else:
            self.send_error(404)

    def read(self):
        if length := self.headers.get("content-length"):
            return self.rfile.read(int(length))
        body = b""
        while size := int(self.rfile.readline().split(b";")[0] or b"0", 16):
            body += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        return body

    def next(self, names, results):
        """The next call, after what these results say; None when the script is at its end. A request without tools is
        not our conversation: hosts ask for titles and the like."""
        if not names:
            return None
        if Model.told == 0:
            note(what="list", names=names)
        for place in range(Model.told, min(len(results), len(STEPS))):
            step, text = STEPS[place], as_text(results[place]).replace("\\/", "/")
            note(what=step["what"], ok=step["reads"] in text, read=text[:2000])
        Model.told = max(Model.told, len(results))
        if len(results) >= len(STEPS):
            note(what="end", ok=True)
            return None
        step = STEPS[len(results)]
        time.sleep(step.get("pause", 0))
        for path in step.get("presses", []):
            press(path)
        name, arguments = named(names, step["tool"]), step["arguments"]
        if name is None:
            name = DEFERRED + step["tool"]
            if "tool_call" in names:
                name, arguments = "tool_call", {"name": name, "arguments": arguments}
        return name, arguments

    def whole(self, body):
        data = json.dumps(body).encode()
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def events(self, events):
        text = "".join((f"event: {name}\n" if name else "") + f"data: {as_text(data)}\n\n" for name, data in events)
        data = text.encode()
        self.send_response(200)
        self.send_header("content-type", "text/event-stream")
        self.send_header("content-length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def chat(self, body):
        names = [tool["function"]["name"] for tool in body.get("tools", []) if "function" in tool]
        results = [message["content"] for message in body["messages"] if message["role"] == "tool"]
        call = self.next(names, results)
        message = {"role": "assistant", "content": None if call else "done"}
        if call:
            function = {"name": call[0], "arguments": json.dumps(call[1])}
            message["tool_calls"] = [{"index": 0, "id": f"call_{len(results)}", "type": "function", "function": function}]
        reason = "tool_calls" if call else "stop"
        base = {"id": f"chatcmpl-{len(results)}", "created": 1, "model": "stub"}
        usage = {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2}
        if not body.get("stream"):
            choice = {"index": 0, "message": message, "finish_reason": reason}
            self.whole({**base, "object": "chat.completion", "choices": [choice], "usage": usage})
            return
        base["object"] = "chat.completion.chunk"
        first = {**base, "choices": [{"index": 0, "delta": message, "finish_reason": None}]}
        last = {**base, "choices": [{"index": 0, "delta": {}, "finish_reason": reason}], "usage": usage}
        self.events([(None, first), (None, last), (None, "[DONE]")])

    def respond(self, body):
        spaces = {}
        for tool in body.get("tools", []):
            for one in tool["tools"] if tool.get("type") == "namespace" else [tool]:
                spaces[one.get("name", one.get("type"))] = tool["name"] if one is not tool else None
        items = body["input"] if isinstance(body.get("input"), list) else []
        results = [item["output"] for item in items if item.get("type") == "function_call_output"]
        call = self.next(list(spaces), results)
        item = {"type": "message", "id": "msg_1", "role": "assistant", "status": "completed"}
        item["content"] = [{"type": "output_text", "text": "done", "annotations": []}]
        if call:
            item = {"type": "function_call", "id": f"fc_{len(results)}", "call_id": f"call_{len(results)}", "name": call[0]}
            item |= {"arguments": json.dumps(call[1]), "status": "completed"}
            item |= {"namespace": spaces[call[0]]} if spaces.get(call[0]) else {}
        usage = {"input_tokens": 1, "input_tokens_details": {"cached_tokens": 0}, "output_tokens": 1}
        usage |= {"output_tokens_details": {"reasoning_tokens": 0}, "total_tokens": 2}
        whole = {"id": f"resp_{len(results)}", "object": "response", "status": "completed", "model": "stub"}
        whole |= {"output": [item], "usage": usage}
        if not body.get("stream"):
            self.whole(whole)
            return
        events = [
            {"type": "response.created", "response": dict(whole, status="in_progress", output=[])},
            {"type": "response.output_item.added", "output_index": 0, "item": item},
            {"type": "response.output_item.done", "output_index": 0, "item": item},
            {"type": "response.completed", "response": whole},
        ]
        self.events([(event["type"], event) for event in events])

    def messages(self, body):
        names = [tool["name"] for tool in body.get("tools", [])]
        blocks = [block for message in body["messages"] if isinstance(message["content"], list) for block in message["content"]]
        results = [block.get("content", "") for block in blocks if block.get("type") == "tool_result"]
        if body.get("thread", {}).get("type") == "continue":
            names, results = names or Model.thread[0], Model.thread[1] + results
        Model.thread = (names, results)
        call = self.next(names, results)
        block = {"type": "text", "text": "done"}
        if call:
            block = {"type": "tool_use", "id": f"toolu_{len(results)}", "name": call[0], "input": call[1]}
        stop = "tool_use" if call else "end_turn"
        usage = {"input_tokens": 1, "output_tokens": 1}
        whole = {"id": f"msg_{len(results)}", "type": "message", "role": "assistant", "model": "stub", "content": [block]}
        whole |= {"stop_reason": stop, "stop_sequence": None, "usage": usage}
        if not body.get("stream"):
            self.whole(whole)
            return
        start = dict(block, input={}) if call else dict(block, text="")
        delta = {"type": "input_json_delta", "partial_json": json.dumps(call[1])} if call else {"type": "text_delta", "text": "done"}
        self.events([
            ("message_start", {"type": "message_start", "message": dict(whole, content=[], stop_reason=None)}),
            ("content_block_start", {"type": "content_block_start", "index": 0, "content_block": start}),
            ("content_block_delta", {"type": "content_block_delta", "index": 0, "delta": delta}),
            ("content_block_stop", {"type": "content_block_stop", "index": 0}),
            ("message_delta", {"type": "message_delta", "delta": {"stop_reason": stop, "stop_sequence": None}, "usage": usage}),
            ("message_stop", {"type": "message_stop"}),
        ])

    def gemini(self, body, stream):
        names = [one["name"] for tool in body.get("tools", []) for one in tool.get("functionDeclarations", [])]
        parts = [part for content in body["contents"] for part in content.get("parts", [])]
        results = [part["functionResponse"]["response"] for part in parts if "functionResponse" in part]
        call = self.next(names, results)
        part = {"functionCall": {"name": call[0], "args": call[1]}} if call else {"text": "done"}
        candidate = {"content": {"role": "model", "parts": [part]}, "finishReason": "STOP", "index": 0}
        usage = {"promptTokenCount": 1, "candidatesTokenCount": 1, "totalTokenCount": 2}
        answer = {"candidates": [candidate], "usageMetadata": usage, "modelVersion": "stub"}
        self.events([(None, answer)]) if stream else self.whole(answer)


server = ThreadingHTTPServer(("127.0.0.1", 0), Model)
print(f"http://127.0.0.1:{server.server_port}", flush=True)
server.serve_forever()
