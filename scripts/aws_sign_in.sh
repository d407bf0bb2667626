#!/bin/sh
# In a GitHub workflow with `id-token: write`: lets the AWS commands of the next steps act as AWS_ROLE_ARN, without a
# secret. GitHub signs a token that names repository and environment; AWS checks it against the role's conditions.
set -eu

file=$RUNNER_TEMP/aws-token
umask 077
curl --fail --silent --show-error --header "Authorization: bearer $ACTIONS_ID_TOKEN_REQUEST_TOKEN" \
    "$ACTIONS_ID_TOKEN_REQUEST_URL&audience=sts.amazonaws.com" | jq --exit-status --raw-output .value >"$file"
echo "AWS_WEB_IDENTITY_TOKEN_FILE=$file" >>"$GITHUB_ENV"
