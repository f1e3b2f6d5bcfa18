package kubernetes_test

import (
	"maps"
	"net"
	"path"
	"slices"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
)

// TestProbes: the kubelet comes to the pod's address, so the admin server may not be on loopback; and only the
// process's own health may restart it, or a long outage of Redis would close every client's connection.
func TestProbes(t *testing.T) {
	for file, deployment := range load(t).deployments {
		proxy := proxyOf(t, file, deployment)
		admin := flag(proxy.Args, "--admin")
		host, port, err := net.SplitHostPort(admin)
		if err != nil || net.ParseIP(host).IsLoopback() {
			t.Errorf("%s: the kubelet cannot reach --admin=%s", file, admin)
		}
		ports := map[string]int32{}
		for _, p := range proxy.Ports {
			ports[p.Name] = p.ContainerPort
		}
		probes := map[string]*corev1.Probe{"/livez": proxy.LivenessProbe, "/readyz": proxy.ReadinessProbe}
		for want, probe := range probes {
			if probe == nil || probe.HTTPGet == nil || probe.HTTPGet.Path != want {
				t.Errorf("%s: no probe asks %s in its place", file, want)
				continue
			}
			if got := ports[probe.HTTPGet.Port.String()]; port != "8379" || got != 8379 {
				t.Errorf("%s: the probe of %s asks port %s = %d, --admin has %s", file, want, probe.HTTPGet.Port.String(), got, port)
			}
		}
	}
}

// TestSecretsExist: each file that a flag names is mounted from a secret of secret.example.yaml that has it.
func TestSecretsExist(t *testing.T) {
	all := load(t)
	keys := map[string][]string{}
	for _, s := range all.secrets {
		keys[s.Name] = slices.Sorted(maps.Keys(s.StringData))
	}
	for file, deployment := range all.deployments {
		proxy := proxyOf(t, file, deployment)
		mounted := map[string][]string{} // folder: files
		for _, m := range proxy.VolumeMounts {
			for _, v := range deployment.Spec.Template.Spec.Volumes {
				if v.Name == m.Name && v.Secret != nil {
					mounted[m.MountPath] = keys[v.Secret.SecretName]
				}
			}
		}
		for _, name := range []string{"--password-file", "--sentinel-password-file"} {
			secret := flag(proxy.Args, name)
			if !slices.Contains(mounted[path.Dir(secret)], path.Base(secret)) {
				t.Errorf("%s: %s=%s is in no mounted secret; there are %v", file, name, secret, mounted)
			}
		}
	}
}

func TestServiceFindsThePods(t *testing.T) {
	all := load(t)
	deployment := all.deployments["standalone.yaml"]
	proxy := proxyOf(t, "standalone.yaml", deployment)
	for _, service := range all.services {
		for key, value := range service.Spec.Selector {
			if deployment.Spec.Template.Labels[key] != value {
				t.Errorf("service %s selects %s=%s, which the pods lack", service.Name, key, value)
			}
		}
		for _, sp := range service.Spec.Ports {
			listens := slices.ContainsFunc(proxy.Ports, func(p corev1.ContainerPort) bool {
				return p.Name == sp.TargetPort.String() && flag(proxy.Args, "--listen") == net.JoinHostPort("0.0.0.0", "6379") && p.ContainerPort == 6379
			})
			if !listens {
				t.Errorf("service %s: the proxy does not listen on its target port %s", service.Name, sp.TargetPort.String())
			}
		}
	}
}

// flag is the value of --name=value; "" when it is not there.
func flag(args []string, name string) string {
	for _, arg := range args {
		if value, ok := strings.CutPrefix(arg, name+"="); ok {
			return value
		}
	}
	return ""
}
