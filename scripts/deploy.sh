#!/bin/sh
# Deploys a commit to one box by AWS Systems Manager, asks whether it works, and puts the commit before it back if not.
#
# Usage: INSTANCE=i-0123… HOST=shop.example.com scripts/deploy.sh COMMIT
#
# The box has a clone of the repository in CHECKOUT, and infra/box/install.sh keeps the version before beside the new
# one. Exit code 0: the commit runs. 1: the commit before runs again. 2: somebody has to look.
set -eu

commit=${1:-}
checkout=${CHECKOUT:-/opt/tillpost/source}
tries=${TRIES:-10}

main() {
    check "$commit" '^[0-9a-f]{40}$' "a commit of 40 hexadecimal digits"
    check "${INSTANCE:-}" '^m?i-[0-9a-f]+$' "the id of an instance in INSTANCE"
    check "${HOST:-}" '^[a-z0-9.-]+$' "a host name in HOST"
    check "$checkout" '^/[A-Za-z0-9/._-]+$' "a folder in CHECKOUT"
    before=$(on_box "git -C $checkout rev-parse HEAD" | tr -d '[:space:]')
    check "$before" '^[0-9a-f]{40}$' "the commit that runs now"
    if install "$commit" && works; then
        say "$commit runs at https://$HOST."
        exit 0
    fi
    say "$commit does not work at https://$HOST. Back to $before."
    if install "$before" && works; then exit 1; fi
    say "$before does not work either. Look at the log of the box: journalctl -u tillpost-web."
    exit 2
}

say() { printf '%s\n' "$*" >&2; }

check() {
    if ! printf '%s' "$1" | grep -Eq "$2"; then
        say "Needed: $3."
        exit 2
    fi
}

install() {
    on_box "git -C $checkout fetch --quiet origin && git -C $checkout checkout --quiet --detach $1 && sh $checkout/infra/box/install.sh --host $HOST" >&2
}

# Runs a command on the box as root, prints its output, and fails if it does.
on_box() {
    id=$(aws ssm send-command --instance-ids "$INSTANCE" --document-name AWS-RunShellScript \
        --parameters "{\"commands\":[\"$1\"],\"executionTimeout\":[\"900\"]}" --query Command.CommandId --output text)
    waited=0
    while :; do
        status=$(aws ssm get-command-invocation --command-id "$id" --instance-id "$INSTANCE" \
            --query Status --output text 2>/dev/null || echo Pending)
        case $status in
            Pending | InProgress | Delayed) ;;
            *) break ;;
        esac
        waited=$((waited + 1))
        [ "$waited" -lt 180 ] || break
        sleep "${POLL_SECONDS:-5}"
    done
    aws ssm get-command-invocation --command-id "$id" --instance-id "$INSTANCE" \
        --query StandardOutputContent --output text
    [ "$status" = Success ]
}

# The smoke test: it is ready, the sign-in page is served, and the API answers in its own words.
works() {
    left=$tries
    while [ "$left" -gt 0 ]; do
        if curl --fail --silent --show-error --max-time 10 "https://$HOST/api/ready" >/dev/null &&
            curl --fail --silent --show-error --max-time 10 "https://$HOST/" | grep -q '<title>' &&
            [ "$(curl --silent --max-time 10 --output /dev/null --write-out '%{http_code}' "https://$HOST/api/v1/orders")" = 401 ]; then
            return 0
        fi
        left=$((left - 1))
        sleep "${POLL_SECONDS:-5}"
    done
    return 1
}

main
