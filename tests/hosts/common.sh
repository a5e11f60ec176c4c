# shellcheck shell=bash
# What hosts and frameworks are installed with, the scripted model that they talk to, and what came of it. To be sourced,
# with `here`, `work`, `packages` and `binary` set.
model=

# from_npm FOLDER PACKAGE…: installs them there, unless they are there. With BEFORE, as they were on that day.
from_npm() {
    local folder=$1
    [ ! -e "$folder/installed" ] || return 0
    mkdir -p "$folder"
    echo '{"private": true, "type": "module"}' >"$folder/package.json"
    npm install --prefix "$folder" --no-audit --no-fund --loglevel=error ${BEFORE:+--before="$BEFORE"} "${@:2}" \
        >"$work/log" 2>&1 || { cat "$work/log" >&2; return 1; }
    touch "$folder/installed"
}

# from_pypi FOLDER PACKAGE…: as from_npm. pip knows no day, so uv does it.
from_pypi() {
    local folder=$1 uv
    [ ! -e "$folder/installed" ] || return 0
    uv=$(command -v uv) || uv=$packages/uv/bin/uv
    if [ ! -x "$uv" ]; then
        python3 -m venv "$packages/uv"
        "$packages/uv/bin/pip" install --quiet --disable-pip-version-check uv
    fi
    mkdir -p "$folder"
    { "$uv" venv --quiet "$folder/venv" && "$uv" pip install --quiet ${BEFORE:+--exclude-newer="$BEFORE"} \
        --python "$folder/venv/bin/python" "${@:2}"; } >"$work/log" 2>&1 || { cat "$work/log" >&2; return 1; }
    touch "$folder/installed"
}

# modern_node: some packages need a newer node than distributions have, and npm takes an older version of a package for an
# older node.
modern_node() {
    [ "$(node -p 'process.versions.node.split(".")[0]')" -lt 22 ] || return 0
    from_npm "$packages/node" node@22
    export PATH="$packages/node/node_modules/node/bin:$PATH"
}

# end ID: ends a process that a script has started.
end() { [ -z "$1" ] || { kill "$1" 2>/dev/null || true; wait "$1" 2>/dev/null || true; }; }

free_port() { python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'; }

# start_model: a new model, and a free port for the sandbox that it talks about. Sets port and origin.
start_model() {
    port=$(free_port)
    : >"$work/model.jsonl"
    rm -f "$work/origin"
    python3 "$here/model.py" "http://127.0.0.1:$port" "$work/model.jsonl" >"$work/origin" 2>"$work/model.log" &
    model=$!
    for _ in $(seq 300); do [ ! -s "$work/origin" ] || break; sleep 0.1; done
    origin=$(cat "$work/origin")
}

stop_model() {
    end "$model"
    model=
}

# verdict STATUS [--why]: of the conversation since the last start_model.
verdict() {
    [ -s "$work/tools.json" ] || env -i HOME="$work/home" "$binary" --sandbox tools --json >"$work/tools.json"
    python3 "$here/verdict.py" "$work/model.jsonl" "$work/tools.json" "$@"
}
