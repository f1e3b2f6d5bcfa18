// Package kubernetes_test checks the manifests as the API server and its pod security admission would.
package kubernetes_test

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"go.uber.org/goleak"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	"k8s.io/apimachinery/pkg/util/yaml"
	"k8s.io/pod-security-admission/api"
	"k8s.io/pod-security-admission/policy"

	"sentinelproxy/deploy/internal/binary"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// manifests are the objects of all files.
type manifests struct {
	deployments map[string]*appsv1.Deployment // by file
	services    []*corev1.Service
	secrets     []*corev1.Secret
}

// decode reads the documents of a file strictly: an unknown or a repeated field is an error.
func decode(data []byte) ([]runtime.Object, error) {
	scheme := runtime.NewScheme()
	if err := errors.Join(corev1.AddToScheme(scheme), appsv1.AddToScheme(scheme)); err != nil {
		return nil, err
	}
	decoder := serializer.NewCodecFactory(scheme, serializer.EnableStrict).UniversalDeserializer()
	reader := yaml.NewYAMLReader(bufio.NewReader(bytes.NewReader(data)))
	var objects []runtime.Object
	for {
		document, err := reader.Read()
		if errors.Is(err, io.EOF) {
			return objects, nil
		}
		if err != nil {
			return nil, err
		}
		object, _, err := decoder.Decode(document, nil, nil)
		if err != nil {
			return nil, err
		}
		objects = append(objects, object)
	}
}

func load(t *testing.T) manifests {
	t.Helper()
	files, err := filepath.Glob("*.yaml")
	if err != nil || len(files) == 0 {
		t.Fatalf("no manifests: %v", err)
	}
	all := manifests{deployments: map[string]*appsv1.Deployment{}}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		objects, err := decode(data)
		if err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		for _, object := range objects {
			switch o := object.(type) {
			case *appsv1.Deployment:
				all.deployments[file] = o
			case *corev1.Service:
				all.services = append(all.services, o)
			case *corev1.Secret:
				all.secrets = append(all.secrets, o)
			default:
				t.Errorf("%s: a %T, which nothing here checks", file, object)
			}
		}
	}
	if len(all.deployments) == 0 || len(all.services) == 0 || len(all.secrets) == 0 {
		t.Fatalf("of deployments, services and secrets one is missing: %v", files)
	}
	return all
}

// restricted says what the strictest pod security standard, in its latest version, forbids; "" when nothing.
func restricted(t *testing.T, pod *corev1.PodTemplateSpec) string {
	t.Helper()
	evaluator, err := policy.NewEvaluator(policy.DefaultChecks(), nil)
	if err != nil {
		t.Fatal(err)
	}
	level := api.LevelVersion{Level: api.LevelRestricted, Version: api.LatestVersion()}
	result := policy.AggregateCheckResults(evaluator.EvaluatePod(level, &pod.ObjectMeta, &pod.Spec))
	if result.Allowed {
		return ""
	}
	return result.ForbiddenDetail()
}

func TestRestrictedPodSecurity(t *testing.T) {
	for file, deployment := range load(t).deployments {
		if forbidden := restricted(t, &deployment.Spec.Template); forbidden != "" {
			t.Errorf("%s: %s", file, forbidden)
		}
		for _, c := range containers(deployment) {
			if s := c.SecurityContext; s == nil || s.ReadOnlyRootFilesystem == nil || !*s.ReadOnlyRootFilesystem {
				t.Errorf("%s: container %s can write to its root", file, c.Name) // "restricted" does not ask for it
			}
			if c.Resources.Requests.Memory().IsZero() || c.Resources.Limits.Memory().IsZero() || c.Resources.Requests.Cpu().IsZero() {
				t.Errorf("%s: container %s says nothing of its resources", file, c.Name)
			}
		}
	}
}

// TestChecksCanFail breaks a good manifest in the ways that the checks above are there for.
func TestChecksCanFail(t *testing.T) {
	data, err := os.ReadFile("sidecar.yaml")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ old, changed, want string }{
		{"restartPolicy: Always", "restartPolicie: Always", `unknown field "spec.template.spec.initContainers[0].restartPolicie"`},
		{"periodSeconds: 10", "periodSeconds: ten", "cannot unmarshal string"},
		{"name: sample\n", "name: sample\n  name: sample\n", "already set in map"},
		{"runAsNonRoot: true", "runAsNonRoot: false", "runAsNonRoot != true"},
		{"seccompProfile: {type: RuntimeDefault}", "seccompProfile: {type: Unconfined}", "seccompProfile"},
		{"drop: [ALL]", "drop: [NET_RAW]", "unrestricted capabilities"},
		{"allowPrivilegeEscalation: false", "allowPrivilegeEscalation: true", "allowPrivilegeEscalation != false"},
	} {
		if !bytes.Contains(data, []byte(c.old)) {
			t.Errorf("sidecar.yaml has no %q to break", c.old)
			continue
		}
		objects, err := decode(bytes.Replace(data, []byte(c.old), []byte(c.changed), 1))
		var got string
		if err != nil {
			got = err.Error()
		} else {
			got = restricted(t, &objects[0].(*appsv1.Deployment).Spec.Template)
		}
		if !strings.Contains(got, c.want) {
			t.Errorf("with %q: got %q, want %q", c.changed, got, c.want)
		}
	}
}

func TestProxyTakesTheArguments(t *testing.T) {
	program := binary.Build(t)
	for file, deployment := range load(t).deployments {
		proxy := proxyOf(t, file, deployment)
		var env []string
		for _, e := range proxy.Env {
			env = append(env, e.Name+"="+e.Value)
		}
		binary.Accepts(t, program, proxy.Args, env)
		binary.Refuses(t, program, append(proxy.Args[:1:1], "--sentinels=a:1"), env, "--sentinels")
	}
}

func TestSidecarIsNative(t *testing.T) {
	deployment := load(t).deployments["sidecar.yaml"]
	proxy := proxyOf(t, "sidecar.yaml", deployment)
	if p := proxy.RestartPolicy; p == nil || *p != corev1.ContainerRestartPolicyAlways {
		t.Error("without restartPolicy: Always the pod waits for the proxy to end before it starts the application")
	}
	if proxy.StartupProbe == nil {
		t.Error("without a startupProbe the application is started before the proxy listens")
	}
}

func containers(d *appsv1.Deployment) []corev1.Container {
	spec := &d.Spec.Template.Spec
	return append(spec.InitContainers[:len(spec.InitContainers):len(spec.InitContainers)], spec.Containers...)
}

func proxyOf(t *testing.T, file string, d *appsv1.Deployment) *corev1.Container {
	t.Helper()
	if d != nil {
		for _, c := range containers(d) {
			if c.Name == "sentinelproxy" {
				return &c
			}
		}
	}
	t.Fatalf("%s: no container sentinelproxy", file)
	return nil
}
