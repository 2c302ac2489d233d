#!/usr/bin/env bash
# Starts the parts of the shop one after the other, and again when one was killed. ./run starts this and says when to stop: SIGTERM.
set -euo pipefail
cd "$(dirname "$0")/.."
source infra/setup.sh

GUARD_PORT=${GUARD_PORT:-5080} INFERENCE_PORT=${INFERENCE_PORT:-5081}
SIMULATOR_PORT=${SIMULATOR_PORT:-5090} POSTGRES_PORT=${POSTGRES_PORT:-5433}
SHOP=${SHOP:-carewell.myshopify.com} CLIENT_ID=${CLIENT_ID:-dev-client-id} CLIENT_SECRET=${CLIENT_SECRET:-dev-client-secret}
MODEL=$(realpath -m "${MODEL:-infra/demo-model/carewell-demo.gguf}")
RESTART=${RESTART_SECONDS:-60}
BIN=$PWD/artifacts/bin
declare -A CHILD=()

stop_all() {
  trap - EXIT; trap '' TERM
  # Callers before the called: nobody sees its supplier go. PostgreSQL last, by its own fast shutdown.
  local name
  for name in simulator guard inference; do stop_child "$name" TERM; done
  stop_child postgres INT
  end_jobs
  wait 2>/dev/null || true
}

stop_child() { # name signal
  local pid=${CHILD[$1]:-}
  [ -n "$pid" ] || return 0
  kill "-$2" "$pid" 2>/dev/null || true
  for _ in $(seq 100); do kill -0 "$pid" 2>/dev/null || return 0; sleep 0.1; done
  kill -KILL "$pid" 2>/dev/null || true
}

# On a terminal Ctrl-C reaches every process of the session at once, and ours have an order to stop in: they get sessions of their own.
trap '' INT
trap stop_all EXIT
trap 'exit 143' TERM

port_is_taken() { (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }
need_port() { # port variable what
  ! port_is_taken "$1" || fail "port $1 ($3) is taken by another program. Stop that, or choose another: $2=PORT ./run"
}

# start name command…: dies with this shell, writes to its own log, and inherits nothing else that is open here.
start() {
  local name=$1; shift
  mkdir -p "$DATA/logs"
  setsid setpriv --pdeathsig TERM "$@" >>"$DATA/logs/$name.log" 2>&1 3>&- &
  CHILD[$name]=$!
  echo $! >"$DATA/$name.pid"
}

answers() { # port path: is it a 200?
  local status
  { exec 3<>"/dev/tcp/127.0.0.1/$1" && printf 'GET %s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n' "$2" >&3 &&
    read -r -t 2 status <&3; } 2>/dev/null
  [[ "${status:-}" == *' 200 '* ]]
}

# wait_for name port path: ready within a minute, or the reason why not.
wait_for() {
  local name=$1 until=$((SECONDS + 60)) began=$SECONDS
  starting "$name"
  until answers "$2" "$3"; do
    if ! kill -0 "${CHILD[$name]}" 2>/dev/null || [ $SECONDS -ge $until ]; then
      failed "$name"
      tail -n 5 "$DATA/logs/$name.log" >&2
      fail "the $name did not start; its whole log is $DATA/logs/$name.log"
    fi
    sleep 0.2
  done
  done_in "$name" $((SECONDS - began))
}

secret() { # file bytes: made once, readable by its owner only
  [ -s "$1" ] || (umask 077; head -c "$2" /dev/urandom | base64 -w0 >"$1")
  cat "$1"
}

# PostgreSQL refuses to run as root, so root lends the cluster to "nobody", in a place that "nobody" can reach.
start_postgres() {
  local password as=(env) cluster=$DATA/postgres
  password=$(secret "$DATA/postgres-password" 24)
  if is_root; then
    as=(setpriv --reuid=nobody --regid=nogroup --clear-groups env HOME=/tmp)
    "${as[@]}" test -x "$DATA" || cluster=/var/tmp/shopify-llm-guard-$(cksum <<<"$PWD" | cut -d' ' -f1)
  fi
  if [ ! -s "$cluster/PG_VERSION" ]; then
    rm -rf "$cluster" && mkdir -p -m 700 "$cluster"
    (umask 077; printf '%s' "$password" >"$cluster.password")
    ! is_root || chown nobody:nogroup "$cluster" "$cluster.password"
    "${as[@]}" "$POSTGRES_BIN/initdb" --pgdata "$cluster" --username guard --encoding UTF8 --locale C.UTF-8 \
      --auth scram-sha-256 --pwfile "$cluster.password" >"$DATA/logs/initdb.log" 2>&1 ||
      fail "PostgreSQL's initdb did not work; its whole log is $DATA/logs/initdb.log"
    rm -f "$cluster.password"
  fi
  is_root && as=(--reuid=nobody --regid=nogroup --clear-groups env HOME=/tmp) || as=(env)
  start postgres "${as[@]}" "$POSTGRES_BIN/postgres" -D "$cluster" -p "$POSTGRES_PORT" -c listen_addresses=127.0.0.1 -c unix_socket_directories=
  local until=$((SECONDS + 60))
  until "$POSTGRES_BIN/pg_isready" --quiet --host 127.0.0.1 --port "$POSTGRES_PORT"; do
    if ! kill -0 "${CHILD[postgres]}" 2>/dev/null || [ $SECONDS -ge $until ]; then
      tail -n 5 "$DATA/logs/postgres.log" >&2
      fail "PostgreSQL did not start; its whole log is $DATA/logs/postgres.log"
    fi
    sleep 0.1
  done
  PGPASSWORD=$password "$POSTGRES_BIN/psql" -qAt -h 127.0.0.1 -p "$POSTGRES_PORT" -U guard -d postgres \
    -c "select 1 from pg_database where datname = 'guard'" | grep -q 1 ||
    PGPASSWORD=$password "$POSTGRES_BIN/createdb" -h 127.0.0.1 -p "$POSTGRES_PORT" -U guard guard
  DATABASE="Host=127.0.0.1;Port=$POSTGRES_PORT;Username=guard;Password=$password;Database=guard"
  say '  ✓ postgres'
}

start_inference() {
  start inference env "Inference__Model=$MODEL" "$BIN/ShopifyLlmGuard.Inference/release/ShopifyLlmGuard.Inference" \
    --urls "http://127.0.0.1:$INFERENCE_PORT"
}

start_guard() {
  # The runtime's own default lets garbage grow to the size of the processor's cache, here 32 MB, before it looks.
  local settings=(
    "ConnectionStrings__Guard=$DATABASE" "Guard__DataDirectory=$DATA/guard" "Guard__Servers__0=http://127.0.0.1:$GUARD_PORT"
    "Shopify__ClientId=$CLIENT_ID" "Shopify__ClientSecret=$CLIENT_SECRET" "Shopify__TokenKey=$(secret "$DATA/token-key" 32)"
    "Shopify__AppUrl=http://127.0.0.1:$GUARD_PORT" "Shopify__ShopUrl=http://localhost:$SIMULATOR_PORT"
    "Shopify__AdminUrl=http://localhost:$SIMULATOR_PORT" "Shopify__CdnUrl=http://localhost:$SIMULATOR_PORT/cdn"
    Llm__Endpoints__0__Id=local-1 "Llm__Endpoints__0__Url=http://127.0.0.1:$INFERENCE_PORT"
    "Llm__Endpoints__0__Model=$(basename "$MODEL" .gguf)" Llm__Endpoints__0__Region=local Llm__Endpoints__0__Jurisdiction=EU
  )
  (umask 077; printf '%s\n' "${settings[@]}" >"$DATA/guard.env") # for ./guard, the operator's command line
  start guard env ASPNETCORE_ENVIRONMENT=Development DOTNET_GCgen0size=0x400000 "${settings[@]}" \
    "$BIN/ShopifyLlmGuard.Server/release/ShopifyLlmGuard.Server" \
    --contentRoot "$PWD/app/ShopifyLlmGuard.Server" --urls "http://127.0.0.1:$GUARD_PORT"
}

start_simulator() {
  start simulator env "Simulator__Url=http://localhost:$SIMULATOR_PORT" "Simulator__AppUrl=http://127.0.0.1:$GUARD_PORT" \
    "Simulator__Shop=$SHOP" "Simulator__DataDirectory=$DATA/simulator" "Simulator__ClientId=$CLIENT_ID" "Simulator__ClientSecret=$CLIENT_SECRET" \
    "$BIN/ShopifyLlmGuard.Simulator/release/ShopifyLlmGuard.Simulator" \
    --contentRoot "$PWD/tests/ShopifyLlmGuard.Simulator" --urls "http://localhost:$SIMULATOR_PORT"
}

say 'Shopify LLM Guard: getting ready'
need_dotnet
need_node
[ -f "$MODEL" ] || fail "there is no model file $MODEL (MODEL says where to look)."
need_port "$GUARD_PORT" GUARD_PORT 'guard server'
need_port "$INFERENCE_PORT" INFERENCE_PORT 'inference host'
need_port "$SIMULATOR_PORT" SIMULATOR_PORT 'shop simulator'
need_port "$POSTGRES_PORT" POSTGRES_PORT 'PostgreSQL'
mkdir -p "$DATA/logs" "$DATA/guard"
need_postgres
npm_packages app/ShopifyLlmGuard.Inference
npm_packages tests
choose_feed
# No build server outlives ./run.
step 'build' dotnet build infra/run.slnf --configuration Release --nologo -nodeReuse:false -p:UseSharedCompilation=false

say 'Starting'
start_postgres
start_inference
wait_for inference "$INFERENCE_PORT" /health
start_guard
wait_for guard "$GUARD_PORT" /healthz/ready
start_simulator
wait_for simulator "$SIMULATOR_PORT" /

say
say "storefront  http://localhost:$SIMULATOR_PORT/"
say "admin       http://localhost:$SIMULATOR_PORT/admin"
say "metrics     http://127.0.0.1:$GUARD_PORT/metrics   http://127.0.0.1:$INFERENCE_PORT/metrics"
say "logs        $DATA/logs/"
say "break it    kill -9 \$(cat ${DATA#"$PWD"/}/inference.pid)   then shop on; Ctrl-C stops everything"

# What was killed comes back after a while, so that one can see the shop live on without it, and then recover by itself.
meanwhile() {
  case $1 in
    inference) say 'shoppers see static content' ;;
    guard) say "shoppers see what the theme's Liquid rendered" ;;
    postgres) say 'the guard works on from the last state that it knew' ;;
  esac
}

# The shell's own remarks about killed children would only repeat what is said here.
exec 3>&2 2>/dev/null
# Asks about each child in turn: `wait -n` alone forgets those that ended while this shell did something else.
while true; do
  sleep 1 & wait $! || true
  for name in "${!CHILD[@]}"; do
    ! kill -0 "${CHILD[$name]}" 2>/dev/null || continue
    code=0
    wait "${CHILD[$name]}" || code=$?
    unset "CHILD[$name]"
    case $name in
      back-*) exec 2>&3; "start_${name#back-}"; exec 2>/dev/null ;;
      simulator) exec 2>&3; fail "the simulator ended by itself (exit code $code); its log is $DATA/logs/simulator.log" ;;
      *)
        say "$(date +%T)  $name is gone (exit code $code): $(meanwhile "$name"). It starts again in $RESTART s."
        sleep "$RESTART" &
        CHILD[back-$name]=$! ;;
    esac
  done
done
