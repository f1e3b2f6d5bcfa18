#!/usr/bin/env bash
# Usage: VERSION=v1.2.3 build-local.sh NAME:TAG
#
# Builds the Dockerfile with buildah, without a network and without a registry, and tries the result: the
# image's configuration is compared with what deploy/ relies on, and its binary, run as the image's user in
# the image's own root, has to answer PING through a real Redis and Sentinel. The base of the first stage
# is made of this machine's Go. Needs root on Debian or Ubuntu.
#
# IMAGE_ARCHIVE=FILE keeps the image as a docker archive (`docker load -i FILE`); everything else is removed.
set -euo pipefail

tag=${1:?usage: build-local.sh NAME:TAG}
version=${VERSION:-unknown}
here=$(cd "$(dirname "$0")" && pwd)
source=$(cd "$here/../.." && pwd)

if [[ $(id -u) != 0 ]]; then
	echo "building the image locally needs root (buildah --isolation chroot); with a docker engine: docker build -t $tag ." >&2
	exit 1
fi
"$source/tools/install-packages.sh" buildah busybox-static ca-certificates redis-server redis-tools

# A store of its own: nothing of the user's images is touched, and nothing is left behind. vfs needs no
# kernel support, which overlay and fuse would.
work=$(mktemp -d)
store=(--root "$work/root" --runroot "$work/run" --storage-driver vfs)
buildah() { command buildah "${store[@]}" "$@"; }
cleanup() {
	buildah umount --all >/dev/null 2>&1 || true
	rm -rf "$work"
}
trap cleanup EXIT

step() { echo "image: $*"; }

# make_base commits a base like golang:1.26 as far as the Dockerfile can see it: the toolchain, a shell, CA
# certificates.
make_base() {
	local container root goroot
	goroot=$(go env GOROOT)
	container=$(buildah from --name base scratch)
	root=$(buildah mount "$container")
	mkdir -p "$root"/{bin,tmp,root,go,etc/ssl/certs,usr/local/go}
	chmod 1777 "$root/tmp"
	cp "$(command -v busybox)" "$root/bin/busybox"
	chroot "$root" /bin/busybox --install -s /bin
	cp /etc/ssl/certs/ca-certificates.crt "$root/etc/ssl/certs/"
	cp -a "$goroot"/{VERSION,go.env,bin,lib,pkg,src} "$root/usr/local/go/"
	buildah config \
		--env PATH=/usr/local/go/bin:/bin --env GOPATH=/go --env GOTOOLCHAIN=local \
		"$container"
	buildah commit --quiet --rm "$container" localhost/golang-local >/dev/null
}

step "base of $(go env GOVERSION) at $(go env GOROOT)"
make_base

# The modules are fetched out here and mounted, read-only, where golang:1.26 keeps them; `go mod download` in the
# Dockerfile then finds them all. GOPROXY=off makes a missing one an error rather than a time-out. The build has no
# network, so that it can't depend on one by accident: chroot isolation knows only the host's, hence unshare.
step "building $tag"
(cd "$source" && go mod download)
unshare --net buildah "${store[@]}" bud --quiet --isolation chroot --format docker --layers=false --pull-never \
	--volume "$(go env GOMODCACHE):/go/pkg/mod:ro" --env GOPROXY=off \
	--build-arg BASE=localhost/golang-local --build-arg "VERSION=$version" \
	--build-arg TARGETOS=linux --build-arg "TARGETARCH=$(go env GOHOSTARCH)" \
	--tag "$tag" "$source" >/dev/null

step "configuration"
buildah inspect --type image "$tag" >"$work/image.json"
"$here/check-config.sh" "$work/image.json"

step "PING through the image's binary"
container=$(buildah from --pull-never "$tag")
root=$(buildah mount "$container")
reported=$(chroot --userspec=65532:65532 "$root" /sentinelproxy version)
if [[ $reported != *"$version"* ]]; then
	echo "the image's binary says it is version '$reported', not $version" >&2
	exit 1
fi
"$here/ping.sh" "$root"

if [[ -n ${IMAGE_ARCHIVE:-} ]]; then
	buildah push --quiet "$tag" "docker-archive:$IMAGE_ARCHIVE:$tag"
	step "kept in $IMAGE_ARCHIVE"
fi
step "$tag is good: $(find "$root" -type f | wc -l) files, $(du -sk "$root" | cut -f1) KiB"
