# shellcheck shell=bash
# SPDX-License-Identifier: MIT
# What the series commands share: where things are, and how they fail.

set -euo pipefail

series_dir=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck disable=SC2034 # used by those that read this file
project_dir=$(dirname "$series_dir")

die() {
	echo "${0##*/}: $*" >&2
	exit 1
}

usage() {
	sed -n '/^# Usage:/,/^$/s/^# \{0,1\}//p' "$0"
}

# The mails that carry a patch; the cover letter carries none.
series_patches() {
	find "$series_dir" -maxdepth 1 -name '[0-9][0-9][0-9][0-9]-*.patch' \
		! -name '0000-*' | sort
}
