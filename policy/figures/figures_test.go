// SPDX-License-Identifier: Apache-2.0

//go:build unix

package figures

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/protobuf/types/known/emptypb"
	"google.golang.org/protobuf/types/known/structpb"

	"github.com/bulkhead-iac/bulkhead/policy/controls"
	"github.com/bulkhead-iac/bulkhead/policy/export"
	"github.com/bulkhead-iac/bulkhead/policy/pack"
)

// hardened are the resources of a whole segmented environment, about 260.
func hardened(b *testing.B) *export.Deployment {
	b.Helper()
	f, err := os.Open("../hardening/testdata/production.json")
	require.NoError(b, err)
	defer func() { _ = f.Close() }()
	d, err := export.Read(f)
	require.NoError(b, err)
	return d
}

// identities are the ids, ARNs and names in the environment.
func identities(d *export.Deployment) map[string]bool {
	set := map[string]bool{}
	for _, r := range d.Stack {
		for _, key := range []string{"id", "arn", "name", "bucket", "identifier", "zoneId"} {
			if v := r.Outputs().Get(key).Str(); v != "" {
				set[v] = true
			}
		}
	}
	return set
}

// plain turns a value back into the engine's form, with the ids of one copy of the environment.
func plain(b *testing.B, v pack.Value, ids map[string]bool, suffix string) *structpb.Struct {
	b.Helper()
	fields := map[string]any{}
	for key, child := range v.Fields() {
		if p, known := child.Plain(); known {
			fields[key] = rename(p, ids, suffix)
		}
	}
	s, err := structpb.NewStruct(fields)
	require.NoError(b, err)
	return s
}

// rename gives every id in a value the suffix of its copy.
func rename(v any, ids map[string]bool, suffix string) any {
	switch v := v.(type) {
	case string:
		if ids[v] {
			return v + suffix
		}
	case []any:
		for i := range v {
			v[i] = rename(v[i], ids, suffix)
		}
	case map[string]any:
		for key := range v {
			v[key] = rename(v[key], ids, suffix)
		}
	}
	return v
}

// requests repeats the environment until there are n resources, each with a URN of its own.
func requests(b *testing.B, n int) ([]*pulumirpc.AnalyzeRequest, *pulumirpc.AnalyzeStackRequest) {
	b.Helper()
	d := hardened(b)
	ids := identities(d)
	var one []*pulumirpc.AnalyzeRequest
	stack := &pulumirpc.AnalyzeStackRequest{}
	for copyOf := 0; len(one) < n; copyOf++ {
		suffix := "-" + strconv.Itoa(copyOf)
		for i, r := range d.Inputs {
			if len(one) == n {
				break
			}
			one = append(one, &pulumirpc.AnalyzeRequest{
				Type: r.Type, Name: r.Name, Urn: r.URN + suffix, Properties: plain(b, r.Inputs(), ids, suffix),
				Provider: &pulumirpc.AnalyzerProviderResource{Type: r.ProviderType, Urn: r.ProviderURN, Properties: plain(b, r.Provider(), ids, "")},
			})
			after := d.Stack[i]
			deps := map[string]*pulumirpc.AnalyzerPropertyDependencies{}
			for key, urns := range after.PropertyDependencies {
				renamed := make([]string, len(urns))
				for k, u := range urns {
					renamed[k] = u + suffix
				}
				deps[key] = &pulumirpc.AnalyzerPropertyDependencies{Urns: renamed}
			}
			stack.Resources = append(stack.Resources, &pulumirpc.AnalyzerResource{
				Type: r.Type, Name: r.Name, Urn: r.URN + suffix, Properties: plain(b, after.Outputs(), ids, suffix), PropertyDependencies: deps,
			})
		}
	}
	return one, stack
}

func server(b *testing.B) *pack.Server {
	b.Helper()
	p, err := controls.New()
	require.NoError(b, err)
	return pack.NewServer(p)
}

// BenchmarkAnalyze judges every resource of an environment by all controls and reports the slowest percent.
func BenchmarkAnalyze(b *testing.B) {
	one, _ := requests(b, 260)
	s := server(b)
	times := make([]time.Duration, 0, 1<<16)
	b.ResetTimer()
	for i := range b.N {
		start := time.Now()
		if _, err := s.Analyze(context.Background(), one[i%len(one)]); err != nil {
			b.Fatal(err)
		}
		times = append(times, time.Since(start))
	}
	slices.Sort(times)
	b.ReportMetric(float64(times[len(times)*99/100].Nanoseconds())/1e6, "p99-ms")
}

// cpu is the processor time that this process has used, which does not depend on what else the machine does.
func cpu(b *testing.B) time.Duration {
	b.Helper()
	var u syscall.Rusage
	require.NoError(b, syscall.Getrusage(syscall.RUSAGE_SELF, &u))
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// BenchmarkRules counts evaluations of single rules in a second of processor time, the garbage collector's included,
// which is set as in a pack that serves an engine. An evaluation is one control that judges one resource of a type the
// control is for and comes to a result: pass, fail, undecided, or not applicable because the resource lacks what the
// control is about, such as a policy document. Controls for other types are never asked and not counted, nor those that
// are switched off.
//
// Every resource is new to the pack, as in a deployment. The first figure is that of the rules: policy documents,
// addresses and user data are parsed within the measurement, properties are decoded before it. The second leaves out the
// evaluations that came to "not applicable". The third is the first with the decoding in it.
func BenchmarkRules(b *testing.B) {
	p, err := controls.New()
	require.NoError(b, err)
	one, _ := requests(b, len(hardened(b).Inputs))
	session := pack.NewSession(p)
	defer debug.SetGCPercent(debug.SetGCPercent(pack.GCPercent))
	resources := make([]*pack.Resource, len(one))
	rules, answers := 0, 0
	var decoding, judging time.Duration
	b.ReportAllocs()
	b.ResetTimer()
	for done := 0; done < b.N; done += len(one) {
		start := cpu(b)
		for i, r := range one {
			resources[i] = pack.NewResource(r.GetType(), r.GetName(), r.GetUrn(), r.GetProperties())
			resources[i].SetProvider(r.GetProvider().GetType(), r.GetProvider().GetUrn(), r.GetProvider().GetProperties())
			resources[i].Inputs()
		}
		decoded := cpu(b)
		for _, r := range resources {
			results := session.Analyze(r)
			rules += len(results)
			for k := range results {
				if results[k].Outcome != pack.NotApplicable {
					answers++
				}
			}
		}
		decoding, judging = decoding+decoded-start, judging+cpu(b)-decoded
	}
	b.ReportMetric(float64(rules)/judging.Seconds(), "rules/cpu-s")
	b.ReportMetric(float64(answers)/judging.Seconds(), "answers/cpu-s")
	b.ReportMetric(float64(rules)/(decoding+judging).Seconds(), "rules-decoded/cpu-s")
}

// BenchmarkAnalyzeStack judges whole stacks of growing size.
func BenchmarkAnalyzeStack(b *testing.B) {
	for _, n := range []int{500, 5000, 50000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			one, stack := requests(b, n)
			s := server(b)
			for _, r := range one {
				if _, err := s.Analyze(context.Background(), r); err != nil {
					b.Fatal(err)
				}
			}
			b.ResetTimer()
			for range b.N {
				if _, err := s.AnalyzeStack(context.Background(), stack); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(b.Elapsed().Seconds()*1000/float64(b.N), "ms/stack")
		})
	}
}

// started is a pack in a process of its own.
type started struct {
	client pulumirpc.AnalyzerClient
	cmd    *exec.Cmd
	took   time.Duration
}

func binary(b *testing.B) string {
	b.Helper()
	path := filepath.Join(b.TempDir(), "bulkhead-policy")
	cmd := exec.Command("go", "build", "-trimpath", "-ldflags", "-s -w", "-o", path, "github.com/bulkhead-iac/bulkhead/policy")
	out, err := cmd.CombinedOutput()
	require.NoError(b, err, string(out))
	return path
}

func start(b *testing.B, path string) started {
	b.Helper()
	begin := time.Now()
	cmd := exec.Command(path, "127.0.0.1:1")
	out, err := cmd.StdoutPipe()
	require.NoError(b, err)
	require.NoError(b, cmd.Start())
	port, err := bufio.NewReader(out).ReadString('\n')
	require.NoError(b, err)
	conn, err := grpc.NewClient("127.0.0.1:"+strings.TrimSpace(port), grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(400<<20), grpc.MaxCallSendMsgSize(400<<20)))
	require.NoError(b, err)
	client := pulumirpc.NewAnalyzerClient(conn)
	_, err = client.Handshake(context.Background(), &pulumirpc.AnalyzerHandshakeRequest{EngineAddress: "127.0.0.1:1"})
	require.NoError(b, err)
	took := time.Since(begin)
	b.Cleanup(func() {
		_ = conn.Close()
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	return started{client: client, cmd: cmd, took: took}
}

// BenchmarkStart measures from the start of the process to the answer to the handshake.
func BenchmarkStart(b *testing.B) {
	path := binary(b)
	var sum time.Duration
	b.ResetTimer()
	for range b.N {
		s := start(b, path)
		sum += s.took
		_ = s.cmd.Process.Kill()
	}
	b.ReportMetric(float64(sum.Microseconds())/1000/float64(b.N), "ms/handshake")
}

// BenchmarkResident sends 5,000 resources through both passes of a process of their own, as one deployment does,
// and reads the memory of that process.
func BenchmarkResident(b *testing.B) {
	one, stack := requests(b, 5000)
	path := binary(b)
	b.ResetTimer()
	for range b.N {
		s := start(b, path)
		_, err := s.client.GetAnalyzerInfo(context.Background(), &emptypb.Empty{})
		require.NoError(b, err)
		for _, r := range one {
			if _, err := s.client.Analyze(context.Background(), r); err != nil {
				b.Fatal(err)
			}
		}
		if _, err := s.client.AnalyzeStack(context.Background(), stack); err != nil {
			b.Fatal(err)
		}
		b.StopTimer()
		memory(b, s.cmd.Process.Pid)
		_ = s.cmd.Process.Kill()
		b.StartTimer()
	}
}

// memory reports what a process holds now and what it held at most. The figures need Linux.
func memory(b *testing.B, pid int) {
	b.Helper()
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return
	}
	for _, line := range strings.Split(string(status), "\n") {
		name, value, _ := strings.Cut(line, ":")
		if kb, err := strconv.Atoi(strings.TrimSuffix(strings.TrimSpace(value), " kB")); err == nil {
			switch name {
			case "VmHWM":
				b.ReportMetric(float64(kb)/1024, "peak-MB")
			case "VmRSS":
				b.ReportMetric(float64(kb)/1024, "resident-MB")
			}
		}
	}
}
