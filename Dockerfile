# The image holds one static binary, the CA certificates, and nothing else: no shell, no libc, no user
# database. `docker build -t sentinelproxy .`, or `make image` where no registry can be reached.

# Any base with Go 1.26 and /bin/sh will do; deploy/image/build-local.sh passes one made of the machine's Go.
ARG BASE=golang:1.26

# The compiler runs on the builder's platform and cross-compiles: emulating another one takes ten times as long.
FROM --platform=$BUILDPLATFORM ${BASE} AS build
ARG TARGETOS
ARG TARGETARCH
ARG VERSION=unknown
WORKDIR /src

# The modules before the source, so that a change of source does not fetch them again.
COPY go.mod go.sum ./
RUN go mod download

COPY . .
# -buildvcs=false: .git is not in the context. The certificates are optional, since only TLS needs them and not
# every base has them; COPY would fail on a missing file.
RUN CGO_ENABLED=0 GOOS=$TARGETOS GOARCH=$TARGETARCH \
      go build -trimpath -buildvcs=false -ldflags "-s -w -X main.version=$VERSION" -o /image/sentinelproxy ./cmd/sentinelproxy \
 && mkdir -p /image/etc/ssl/certs \
 && if [ -f /etc/ssl/certs/ca-certificates.crt ]; then cp /etc/ssl/certs/ca-certificates.crt /image/etc/ssl/certs/; fi

FROM scratch
COPY --from=build /image/ /

# Numeric, because Kubernetes' runAsNonRoot cannot tell whether a name is root, and scratch knows no names.
USER 65532:65532

# Inside a container 127.0.0.1 is the container's own: give --listen 0.0.0.0:6379 to be reached from outside. That is
# not set here, since an environment variable of the image would override the listeners of a mounted config file.
EXPOSE 6379

# Asks /livez on the admin port: an engine that restarts what is unhealthy must not restart a proxy that holds.
HEALTHCHECK --interval=5s --timeout=2s --start-period=10s --retries=3 CMD ["/sentinelproxy", "status", "--check"]

ENTRYPOINT ["/sentinelproxy"]
CMD ["run"]
