"""A person at the screen of a host: reads what it shows of the server's questions and links, and presses keys. The model
is a script. Says what failed, and ends with 1 then.

    person.py HOST BINARY WORK      run by person.sh; WORK is a folder
"""
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.request

import pexpect
import pyte

NAME, BINARY, WORK = sys.argv[1:4]
ROWS, COLUMNS = 50, 120
KEYS = {"enter": "\r", "space": " ", "up": "\x1b[A", "down": "\x1b[B", "right": "\x1b[C", "escape": "\x1b"}
# Hosts ask the terminal what it is, in more ways than pyte knows. Nobody answers.
pyte.Screen.report_device_status = pyte.Screen.report_device_attributes = lambda *_, **__: None

# The model thinks for so long before each call: time in which a form that was answered is not shown any more.
PAUSE = {"pause": 2}
CLOSE = {**PAUSE, "tool": "close_job", "arguments": {"jobId": "job_8Lx2"}}
CREATE = {**PAUSE, "tool": "create_milestone", "arguments": {"contractId": "ctr_8Kq2", "description": "Labels", "amountUsd": 150}}
FORM = [r"Close job job_8Lx2 «Support chats: intent labels» \(OPEN\)\?", "Yes, do this", "Nothing is sent without a yes"]


class Screen:
    """What the terminal shows."""

    def __init__(self, command, environment, folder):
        self.screen = pyte.Screen(COLUMNS, ROWS)
        self.stream = pyte.Stream(self.screen)
        self.host = pexpect.spawn(
            command[0], command[1:], env=environment, cwd=folder, dimensions=(ROWS, COLUMNS), encoding="utf-8"
        )

    def text(self):
        return "\n".join(line.rstrip() for line in self.screen.display if line.strip())

    def until(self, is_so, what):
        end = time.monotonic() + 60
        while not is_so():
            if time.monotonic() > end:
                sys.exit(f"FAILED  {NAME}: {what}\n{self.text()}")
            try:
                self.stream.feed(self.host.read_nonblocking(65_536, timeout=0.2))
            except pexpect.TIMEOUT:
                pass
            except pexpect.EOF:
                sys.exit(f"FAILED  {NAME}: the host has ended\n{self.text()}")

    def shows(self, *wanted):
        """Waits until all of it is shown."""
        self.until(lambda: all(re.search(pattern, self.text()) for pattern in wanted), f"the screen does not show {wanted}")

    def press(self, *keys):
        for key in keys:
            # Hosts take keys that come in one piece for pasted text, and miss those that come with their first picture.
            time.sleep(0.5)
            self.host.send(KEYS.get(key, key))

    def answer(self, wanted, keys):
        """Waits until all of it is shown, and presses keys until it is gone."""
        self.shows(*wanted)
        self.press(*keys)
        self.until(lambda: not re.search(wanted[0], self.text()), f"{keys} do not answer what is shown")


class Host:
    """What differs: settings, how the host starts, and how its forms and links are answered."""

    shows_links = True
    variables = {}
    # What the form looks like before a key is pressed: no is chosen.
    unanswered = ""
    # The keys that close the form, that a hasty person presses, and that say yes; those that decline a link.
    close, hasty, agree, refuse = ["escape"], ["enter"], ["up", "enter"], ["escape"]
    # The keys with which a person goes on who has opened the link.
    opened = ["enter"]

    def settle(self, model):
        """What a user has answered when the host first started."""

    def begin(self, screen):
        """Until the model has its first turn."""

    def allow(self, screen, tool):
        """The host's own question before it calls a tool for the first time."""


class ClaudeCode(Host):
    command = ["claude", "--model", "sonnet", "--allowedTools", "mcp__opentrain-sandbox"]
    key = "sk-ant-of-nobody"
    unanswered = "Yes, do this: ☐"
    hasty, agree = ["down", "enter"], ["space", "down", "enter"]
    refuse, opened = ["right", "right", "enter"], ["right", "enter"]

    def settle(self, model):
        self.variables = {
            "ANTHROPIC_BASE_URL": model, "ANTHROPIC_API_KEY": self.key,
            "DISABLE_AUTOUPDATER": "1", "DISABLE_TELEMETRY": "1", "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
        }
        settings = {
            "hasCompletedOnboarding": True,
            "theme": "dark",
            "customApiKeyResponses": {"approved": [self.key[-20:]], "rejected": []},
            "projects": {f"{HOME}/project": {"hasTrustDialogAccepted": True, "hasCompletedProjectOnboarding": True}},
        }
        write(".claude.json", json.dumps(settings))

    def begin(self, screen):
        screen.shows("❯", "effort")
        screen.press("go")
        screen.shows("❯.go")
        screen.press("enter")


class Codex(Host):
    command = ["codex", "--no-daemon", "go"]
    shows_links = False
    variables = {"STUB_KEY": "x"}
    unanswered = "› 2. False"

    def settle(self, model):
        provider = f'name = "stub"\nbase_url = "{model}/v1"\nwire_api = "responses"\nenv_key = "STUB_KEY"'
        trusted = f'[projects."{HOME}/project"]\ntrust_level = "trusted"'
        write(".codex/config.toml", f"""model = "stub"
model_provider = "stub"
approval_policy = "on-request"
sandbox_mode = "danger-full-access"

[model_providers.stub]
{provider}

{trusted}
""")

    def allow(self, screen, tool):
        screen.answer([f'run tool "{tool}"', "Allow for this session"], ["down", "enter"])


class CopilotCli(Host):
    command = ["copilot", "--allow-all-tools", "-i", "go"]
    unanswered = "❯ No"

    def settle(self, model):
        self.variables = {"COPILOT_PROVIDER_BASE_URL": f"{model}/v1", "COPILOT_PROVIDER_API_KEY": "x", "COPILOT_MODEL": "stub"}

    def begin(self, screen):
        screen.answer(["Do you trust the files"], ["enter"])


HOST = {"claude-code": ClaudeCode, "codex": Codex, "copilot-cli": CopilotCli}[NAME]()
HOME = f"{WORK}/{NAME}"


def write(path, text):
    os.makedirs(os.path.dirname(f"{HOME}/{path}"), exist_ok=True)
    with open(f"{HOME}/{path}", "w", encoding="utf-8") as file:
        file.write(text)


def install(environment, port):
    """With `install`, and then so that the server asks for a person's yes."""
    command = [BINARY, "install", NAME, "--sandbox", "--sandbox-port", port]
    subprocess.run(command, env=environment, cwd=f"{HOME}/project", check=True, stdout=subprocess.DEVNULL)
    for folder, _, files in os.walk(HOME):
        for path in (f"{folder}/{file}" for file in files if file.endswith((".json", ".toml"))):
            with open(path, encoding="utf-8") as file:
                text = file.read()
            with open(path, "w", encoding="utf-8") as file:
                file.write(text.replace('"--sandbox"', '"--sandbox", "--confirm", "person"'))


def play(screen, sandbox, is_over):
    """The person's part."""
    HOST.begin(screen)
    HOST.allow(screen, CLOSE["tool"])
    for keys in [HOST.close, HOST.hasty, HOST.agree]:
        screen.answer([*FORM, HOST.unanswered], keys)
    HOST.allow(screen, CREATE["tool"])
    if HOST.shows_links:
        link = ["Open this page to claim the account", re.escape(f"{sandbox}/claim")]
        screen.answer(link, HOST.refuse)
        screen.answer(link, HOST.opened)
        # Nobody has claimed yet: the server goes on waiting until that is done.
        time.sleep(1)
        urllib.request.urlopen(urllib.request.Request(f"{sandbox}/claim", data=b"", method="POST")).read()
    screen.until(is_over, "the model has not read all results")


def main():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    sandbox, log = f"http://127.0.0.1:{port}", f"{WORK}/{NAME}.jsonl"
    steps = [
        {"what": "the form closed: refused", "reads": "not_confirmed", **CLOSE},
        {"what": "a mere Enter: refused", "reads": "not_confirmed", **CLOSE},
        {"what": "a yes: done", "reads": "ARCHIVED", **CLOSE},
        {"what": "the link declined: refused, and the model has it", "reads": f"{sandbox}/claim", **CREATE},
        {"what": "the link opened, the account claimed: created", "reads": "created", **CREATE},
    ]
    steps = steps if HOST.shows_links else steps[:4]
    os.makedirs(f"{HOME}/project")
    write("steps.json", json.dumps(steps))
    open(log, "w", encoding="utf-8").close()
    program = [sys.executable, os.path.join(os.path.dirname(__file__), "model.py"), sandbox, log, f"{HOME}/steps.json"]
    model = subprocess.Popen(program, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    HOST.settle(model.stdout.readline().strip())
    environment = {
        "HOME": HOME, "PATH": os.environ["PATH"], "TERM": "xterm-256color", "LANG": "C.UTF-8", "NO_PROXY": "127.0.0.1",
        **HOST.variables,
    }

    def read():
        with open(log, encoding="utf-8") as lines:
            return [line for line in map(json.loads, lines) if line["what"] not in ("list", "end")]

    screen = None
    try:
        install(environment, port)
        screen = Screen(HOST.command, environment, f"{HOME}/project")
        play(screen, sandbox, lambda: len(read()) >= len(steps))
    finally:
        if screen:
            # With all that it has started: it is the leader of its group.
            os.killpg(screen.host.pid, signal.SIGKILL)
        model.kill()
    for step in read():
        print(f"{'ok     ' if step['ok'] else 'FAILED '} {NAME}: {step['what']}" + ("" if step["ok"] else f"\n{step['read']}"))
    sys.exit(not all(step["ok"] for step in read()))


main()
