# What ./run (through shop.sh) and ./test both need from the machine. Sourced, never run: each function does one thing, or ends in one clear line.

DATA=${DATA:-$PWD/.data}

say() { printf '%s\n' "$*"; }
fail() { printf 'Cannot go on: %s\n' "$*" >&2; exit 1; }
is_root() { [ "$(id -u)" = 0 ]; }

# One line per step: on a terminal it changes from … to ✓ or ✗, elsewhere only its end is printed.
starting() { if [ -t 1 ]; then printf '  … %s' "$1"; fi; }
back() { if [ -t 1 ]; then printf '\r'; fi; }
done_in() { back; say "  ✓ $1 ($2 s)"; }
failed() { back; say "  ✗ $1"; }

# step "What" command…: shows progress and the seconds it took; a failure shows the end of the command's own output.
step() {
  local what=$1 log began=$SECONDS; shift
  log=$DATA/logs/$(printf %s "$what" | tr -cs 'a-zA-Z0-9' '-' | tr 'A-Z' 'a-z').log
  mkdir -p "$DATA/logs"
  starting "$what"
  # In the background, so that a signal is heard while it runs; in a session of its own, so that Ctrl-C reaches it through us only.
  setsid "$@" >"$log" 2>&1 &
  if wait $!; then
    done_in "$what" $((SECONDS - began))
  else
    failed "$what"
    tail -n 15 "$log" >&2
    fail "$what did not work; the whole log is $log"
  fi
}

# Ends what a step that was cut off (a build, an npm install) has left, with its children.
end_jobs() {
  local job
  for job in $(jobs -p); do kill -TERM -- "-$job" 2>/dev/null || kill -TERM "$job" 2>/dev/null || true; done
}

need_dotnet() {
  command -v dotnet >/dev/null || fail 'the .NET SDK 10 is missing (no "dotnet" on the PATH). Install it, then try again.'
  dotnet --list-sdks 2>/dev/null | grep -q '^10\.' || fail 'the .NET SDK 10 is missing (dotnet has other versions only). Install it, then try again.'
}

need_node() {
  command -v node >/dev/null && command -v npm >/dev/null ||
    fail 'Node 20 or newer with npm is missing. Install it (Debian: apt-get install nodejs npm), then try again.'
  [ "$(node -p 'process.versions.node.split(".")[0]')" -ge 20 ] ||
    fail "Node is $(node --version), but 20 or newer is needed."
}

debian_package() { # command package
  is_root && command -v apt-get >/dev/null ||
    fail "$1 is missing. Install it (Debian: apt-get install $2), then try again."
  step "Debian package $2" sh -c "apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq $2"
}

postgres_bin() {
  local found
  found=$(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -V | tail -n 1)
  if [ -n "$found" ]; then say "$found"; return; fi
  found=$(command -v postgres) && dirname "$found"
}

need_postgres() {
  [ -n "$(postgres_bin)" ] || debian_package PostgreSQL postgresql
  POSTGRES_BIN=$(postgres_bin)
  [ -n "$POSTGRES_BIN" ] || fail 'PostgreSQL was installed, but its server program was not found under /usr/lib/postgresql.'
}

need_chromium() {
  command -v chromium >/dev/null || debian_package Chromium 'chromium fonts-liberation'
}

need_prometheus() {
  command -v promtool >/dev/null && command -v prometheus >/dev/null || debian_package Prometheus 'prometheus --no-install-recommends'
  command -v prometheus-alertmanager >/dev/null && command -v amtool >/dev/null || debian_package Alertmanager 'prometheus-alertmanager --no-install-recommends'
}

# npm_packages folder: the pinned packages of its package-lock.json, without running anybody's install scripts.
npm_packages() {
  [ "$1/node_modules/.package-lock.json" -nt "$1/package-lock.json" ] && return
  # Not `npm ci`: it refuses a lock file made where a feed lacks other platforms' optional packages. Versions are the lock's.
  step "npm packages of $1" npm install --prefix "$1" --no-save --ignore-scripts --no-audit --no-fund
  touch "$1/node_modules/.package-lock.json"
}

# serves package property: asks the NuGet feed once, and remembers the answer beside the versions that it was asked for.
serves() {
  local asked=$DATA/feed-$1 key code=0
  key=$(cat Directory.Packages.props infra/feed/feed.csproj | cksum)
  if [ "$(sed -n 2p "$asked" 2>/dev/null)" != "$key" ]; then
    mkdir -p "$DATA"
    starting "asking the NuGet feed for $1"
    # In the background, so that a signal is heard; a feed that did not answer in time is asked again next time.
    timeout 60 dotnet restore infra/feed/feed.csproj -p:PublicFeed=false -p:LLamaSharp=false "-p:$2=true" >/dev/null 2>&1 & wait $! || code=$?
    back
    [ $code != 124 ] || return 1
    printf '%s\n%s\n' "$([ $code = 0 ] && echo true || echo false)" "$key" >"$asked"
  fi
  [ "$(head -n 1 "$asked")" = true ]
}

# LLamaSharp's library needs GNU's OpenMP; where nobody can install it, llama.cpp's own library does without.
has_openmp() {
  [ -z "$(compgen -G '/usr/lib/*/libgomp.so.1'; compgen -G '/usr/lib64/libgomp.so.1')" ] || return 0
  is_root && command -v apt-get >/dev/null || return 1
  debian_package libgomp.so.1 libgomp1
}

# LLamaSharp and ShopifySharp are not on every NuGet feed; the environment may decide instead (PublicFeed for both, LLamaSharp for one).
choose_feed() {
  local what=LLamaSharp client=ShopifySharp
  if [ -z "${LLamaSharp:-}" ]; then
    if [ "${PublicFeed:-}" = true ] || { [ -z "${PublicFeed:-}" ] && serves LLamaSharp LLamaSharp && has_openmp; }; then LLamaSharp=true; else LLamaSharp=false; fi
  fi
  if [ -z "${PublicFeed:-}" ]; then
    if serves ShopifySharp PublicFeed; then PublicFeed=true; else PublicFeed=false; fi
  fi
  export LLamaSharp PublicFeed
  [ "$LLamaSharp" = true ] || what="llama.cpp's own library"
  [ "$PublicFeed" = true ] || client=HttpClient
  say "  ✓ as the NuGet feed allows: the model by $what, Shopify by $client"
}
