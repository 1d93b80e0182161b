# shellcheck shell=bash
# SPDX-License-Identifier: MIT
# Shared by the series commands: where things are, and how they fail.

set -euo pipefail

project_dir=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
series_dir=$project_dir/kernel-patch

die() {
	echo "${0##*/}: $*" >&2
	exit 1
}

usage() {
	sed -n '/^# Usage:/,/^$/s/^# \{0,1\}//p' "$0"
}

# Works on the series in another directory: one of backports/.
choose_series() {
	series_dir=$(cd "$1" 2>/dev/null && pwd) || die "no directory $1"
}

# The mails that carry a patch; the cover letter carries none.
series_patches() {
	find "$series_dir" -maxdepth 1 -name '[0-9][0-9][0-9][0-9]-*.patch' \
		! -name '0000-*' | sort
}
