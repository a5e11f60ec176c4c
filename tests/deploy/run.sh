#!/usr/bin/env bash
# deploy/ as the tools see it that read it: the compose file by Docker Compose itself, the manifest by the schemas of
# several versions of Kubernetes, the configuration of nginx with its TLS part by nginx. No container is started: the
# replicas' test runs that nginx before real servers and PostgreSQL, and tests/packages the image.
# Needs python3 with venv, nginx and openssl. DEPLOY_CACHE keeps what is installed.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
deploy=$here/../../deploy
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
tools=${DEPLOY_CACHE:-$work/tools}
fail() { echo "FAILED $*" >&2; exit 1; }

if [ ! -e "$tools/complete" ]; then
    python3 -m venv "$tools"
    "$tools/bin/pip" install --quiet -r "$here/requirements.txt"
    touch "$tools/complete"
fi

cp -r "$deploy" "$work/deploy"
cd "$work/deploy"
compose=("$tools/bin/docker-compose" --file compose.yaml)
# Without what the first lines of the file ask for, Compose names what is missing. (This package of it always ends with 0.)
"${compose[@]}" config --quiet 2>"$work/missing" || true
grep -q "required variable .* is missing" "$work/missing" || fail "compose starts without its settings"
printf 'POSTGRES_PASSWORD=p\nOT_API_TOKEN=ot_pat_x\nOPENTRAIN_SEAL_KEYS=%064d\nPUBLIC_URL=https://mcp.example.com\n' 0 >.env
"${compose[@]}" config >"$work/compose.json" --format json
python3 - "$work/compose.json" nginx/replicas.conf <<'PYTHON'
import json, re, sys
services = json.load(open(sys.argv[1]))["services"]
replicas = [name for name, service in services.items() if "serve" in (service.get("command") or [])]
assert len(replicas) == 3, replicas
named = re.findall(r"^server ([^:]+):8787", open(sys.argv[2]).read(), re.M)
assert sorted(named) == sorted(replicas), (named, replicas)
for name in replicas:
    service = services[name]
    assert service["read_only"] and service["cap_drop"] == ["ALL"], name
    assert not any("p@" in word or "ot_pat_" in word for word in service["command"]), "a secret on the command line"
    assert service["stop_grace_period"] == "1m0s", service["stop_grace_period"]
PYTHON
echo "ok compose.yaml, by $("${compose[@]}" version)"

for version in 1.27 1.31 1.37; do
    "$tools/bin/kubernetes-validate" --strict --quiet --kubernetes-version "$version" kubernetes/opentrain-mcp.yaml \
        || fail "the manifest, by the schemas of Kubernetes $version"
done
echo "ok kubernetes/opentrain-mcp.yaml, by the schemas of 1.27, 1.31 and 1.37"

openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=mcp.example.com -keyout "$work/privkey.pem" \
    -out "$work/fullchain.pem" 2>/dev/null
sed -i "s|/etc/nginx/tls|$work|" nginx/listen.conf
# Outside of the compose network nobody knows these names.
sed -i 's|opentrain-mcp-[0-9]:|127.0.0.1:|' nginx/replicas.conf
printf 'pid %s/pid;\nevents {}\nhttp { include %s/nginx/opentrain-mcp.conf; }\n' "$work" "$PWD" >nginx/nginx.conf
nginx=$(command -v nginx || echo /usr/sbin/nginx)
"$nginx" -p "$PWD/nginx" -c "$PWD/nginx/nginx.conf" -t 2>"$work/nginx" || fail "nginx: $(cat "$work/nginx")"
echo "ok nginx, with TLS"
