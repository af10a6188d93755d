// SPDX-License-Identifier: Apache-2.0

package pack

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/emptypb"
)

// Server answers the engine. It implements every call of the Analyzer protocol.
type Server struct {
	pulumirpc.UnimplementedAnalyzerServer
	pack    *Pack
	session *Session
	stop    context.CancelFunc
	stopped context.Context //nolint:containedctx // ends the calls in flight when the engine cancels
	info    func() *pulumirpc.AnalyzerInfo
	others  sync.Map
	absent  map[string]*pulumirpc.PolicyNotApplicable
}

// NewServer makes a server for the pack.
func NewServer(p *Pack) *Server {
	ctx, cancel := context.WithCancel(context.Background())
	absent := make(map[string]*pulumirpc.PolicyNotApplicable, len(p.controls))
	for _, c := range p.controls {
		absent[c.ID] = &pulumirpc.PolicyNotApplicable{PolicyName: c.ID}
	}
	return &Server{
		pack: p, session: NewSession(p), stopped: ctx, stop: cancel, absent: absent,
		info: sync.OnceValue(func() *pulumirpc.AnalyzerInfo { return p.describe() }),
	}
}

// Handshake answers that the pack is there. Where the engine says it is, the pack need not know.
func (s *Server) Handshake(context.Context, *pulumirpc.AnalyzerHandshakeRequest) (*pulumirpc.AnalyzerHandshakeResponse, error) {
	return &pulumirpc.AnalyzerHandshakeResponse{}, nil
}

// ConfigureStack notes the stack, its tags and its configuration. It is not called for publish and analyze.
func (s *Server) ConfigureStack(_ context.Context, r *pulumirpc.AnalyzerStackConfigureRequest) (*pulumirpc.AnalyzerStackConfigureResponse,
	error) {
	s.session.Describe(About{
		Stack: r.GetStack(), Project: r.GetProject(), Organization: r.GetOrganization(), DryRun: r.GetDryRun(), Tags: r.GetTags(),
	}, r.GetConfig(), r.GetConfigSecretKeys())
	return &pulumirpc.AnalyzerStackConfigureResponse{}, nil
}

// GetPluginInfo returns the version of the pack.
func (s *Server) GetPluginInfo(context.Context, *emptypb.Empty) (*pulumirpc.PluginInfo, error) {
	return &pulumirpc.PluginInfo{Version: s.pack.Version}, nil
}

// GetAnalyzerInfo returns the pack's metadata with one entry for each control.
func (s *Server) GetAnalyzerInfo(context.Context, *emptypb.Empty) (*pulumirpc.AnalyzerInfo, error) {
	return s.info(), nil
}

// Configure sets levels and settings. A configuration that cannot be understood stops the deployment: a
// policy that was meant to block must not silently advise.
func (s *Server) Configure(_ context.Context, r *pulumirpc.ConfigureAnalyzerRequest) (*emptypb.Empty, error) {
	configs := make(map[string]Config, len(r.GetPolicyConfig()))
	for id, c := range r.GetPolicyConfig() {
		level, err := levelFromEngine(c.GetEnforcementLevel())
		if err != nil {
			return nil, status.Errorf(codes.InvalidArgument, "%s: %v", id, err)
		}
		configs[id] = Config{Level: level, Properties: c.GetProperties().AsMap()}
	}
	s.others.Clear()
	if err := s.session.Configure(configs); err != nil {
		return nil, status.Errorf(codes.InvalidArgument, "the configuration of policy pack %s is invalid: %s",
			s.pack.Name, strings.ReplaceAll(err.Error(), "\n", "; "))
	}
	return &emptypb.Empty{}, nil
}

// Analyze judges one resource.
func (s *Server) Analyze(ctx context.Context, r *pulumirpc.AnalyzeRequest) (*pulumirpc.AnalyzeResponse, error) {
	if err := s.alive(ctx); err != nil {
		return nil, err
	}
	resource := NewResource(r.GetType(), r.GetName(), r.GetUrn(), r.GetProperties())
	fill(resource, r.GetOptions(), r.GetProvider())
	return s.respond(s.session.Analyze(resource), s.inapplicable(r.GetType())), nil
}

// AnalyzeStack judges the deployment as a whole.
func (s *Server) AnalyzeStack(ctx context.Context, r *pulumirpc.AnalyzeStackRequest) (*pulumirpc.AnalyzeResponse, error) {
	if err := s.alive(ctx); err != nil {
		return nil, err
	}
	resources := make([]*Resource, 0, len(r.GetResources()))
	for _, one := range r.GetResources() {
		resource := NewResource(one.GetType(), one.GetName(), one.GetUrn(), nil)
		resource.SetOutputs(one.GetProperties())
		fill(resource, one.GetOptions(), one.GetProvider())
		resource.Parent, resource.Dependencies = one.GetParent(), one.GetDependencies()
		resource.PropertyDependencies = make(map[string][]string, len(one.GetPropertyDependencies()))
		for property, on := range one.GetPropertyDependencies() {
			resource.PropertyDependencies[property] = on.GetUrns()
		}
		resources = append(resources, resource)
	}
	results := s.session.AnalyzeStack(resources)
	seen := make(map[string]bool, len(results))
	for _, result := range results {
		seen[result.Control.ID] = true
	}
	var absent []*pulumirpc.PolicyNotApplicable
	for _, c := range s.pack.controls {
		if c.Stack && !seen[c.ID] {
			absent = append(absent,
				&pulumirpc.PolicyNotApplicable{PolicyName: c.ID, Reason: "the stack has no such resource, or the control is off"})
		}
	}
	return s.respond(results, absent), nil
}

// Remediate mends what may be mended. It returns nothing when nothing changed.
func (s *Server) Remediate(ctx context.Context, r *pulumirpc.AnalyzeRequest) (*pulumirpc.RemediateResponse, error) {
	if err := s.alive(ctx); err != nil {
		return nil, err
	}
	response := &pulumirpc.RemediateResponse{}
	resource := NewResource(r.GetType(), r.GetName(), r.GetUrn(), r.GetProperties())
	for _, done := range s.session.Remediate(resource, r.GetProperties()) {
		response.Remediations = append(response.Remediations, &pulumirpc.Remediation{
			PolicyName: done.Control.ID, PolicyPackName: s.pack.Name, PolicyPackVersion: s.pack.Version,
			Description: done.Control.Title, Properties: done.Inputs, Diagnostic: done.Problem,
		})
	}
	return response, nil
}

// Cancel refuses every call from now on. One that is under way ends by itself, within milliseconds.
func (s *Server) Cancel(context.Context, *emptypb.Empty) (*emptypb.Empty, error) {
	s.stop()
	return &emptypb.Empty{}, nil
}

func (s *Server) alive(ctx context.Context) error {
	if err := errors.Join(ctx.Err(), s.stopped.Err()); err != nil {
		return status.Error(codes.Canceled, "the operation was cancelled")
	}
	return nil
}

func fill(r *Resource, o *pulumirpc.AnalyzerResourceOptions, p *pulumirpc.AnalyzerProviderResource) {
	if o != nil {
		r.Parent = o.GetParent()
		r.Options = Options{
			Protect: o.GetProtect(), IgnoreChanges: o.GetIgnoreChanges(), Aliases: o.GetAliases(), SecretOutputs: o.GetAdditionalSecretOutputs(),
			Create: seconds(o.GetCustomTimeouts().GetCreate()), Update: seconds(o.GetCustomTimeouts().GetUpdate()),
			Delete: seconds(o.GetCustomTimeouts().GetDelete()),
		}
		if o.GetDeleteBeforeReplaceDefined() {
			before := o.GetDeleteBeforeReplace()
			r.Options.DeleteBeforeReplace = &before
		}
	}
	r.Component = p == nil && !strings.HasPrefix(r.Type, "pulumi:")
	if p != nil {
		r.SetProvider(p.GetType(), p.GetUrn(), p.GetProperties())
	}
}

func seconds(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }

// inapplicable lists the resource controls that have nothing to do with a type or are off, so that the engine's
// summary does not count them as passed; it does not know what the profile switches off. The list is made once for each
// type; all types that the pack does not know share one.
func (s *Server) inapplicable(token string) []*pulumirpc.PolicyNotApplicable {
	if s.pack.byType[token] == nil {
		token = EveryType
	}
	if list, ok := s.others.Load(token); ok {
		return list.([]*pulumirpc.PolicyNotApplicable) //nolint:forcetypeassert // the map holds nothing else
	}
	mine := map[*Control]bool{}
	if d := s.pack.byType[token]; d != nil {
		for _, c := range d.resource {
			mine[c] = true
		}
	}
	var list []*pulumirpc.PolicyNotApplicable
	for _, c := range s.pack.controls {
		if !c.Stack && (!mine[c] || s.session.Level(c.ID) == Disabled) {
			list = append(list, s.absent[c.ID])
		}
	}
	s.others.Store(token, list)
	return list
}

// respond turns results into the engine's answer.
func (s *Server) respond(results []Result, also []*pulumirpc.PolicyNotApplicable) *pulumirpc.AnalyzeResponse {
	response := &pulumirpc.AnalyzeResponse{NotApplicable: also[:len(also):len(also)]}
	for i := range results {
		r := &results[i]
		switch {
		case r.Outcome == Fail && r.Waiver == nil:
			for _, n := range r.Notes {
				response.Diagnostics = append(response.Diagnostics, s.diagnostic(r, n))
			}
		case r.Outcome == Fail:
			response.NotApplicable = append(response.NotApplicable, &pulumirpc.PolicyNotApplicable{
				PolicyName: r.Control.ID, Reason: fmt.Sprintf("waived until %s by %s: %s", r.Waiver.Expires, r.Waiver.Owner, r.Waiver.Reason),
			})
		case r.Outcome == Undecided || r.Outcome == NotApplicable:
			response.NotApplicable = append(response.NotApplicable, &pulumirpc.PolicyNotApplicable{PolicyName: r.Control.ID, Reason: r.Reason})
		}
	}
	return response
}

func (s *Server) diagnostic(r *Result, n Note) *pulumirpc.AnalyzeDiagnostic {
	return &pulumirpc.AnalyzeDiagnostic{
		PolicyName: r.Control.ID, PolicyPackName: s.pack.Name, PolicyPackVersion: s.pack.Version,
		Description: r.Control.Title, Message: r.Message(n),
		EnforcementLevel: levelForEngine(r.Level), Urn: r.URN,
		Severity: pulumirpc.PolicySeverity(r.Control.Severity),
	}
}

// Message is the text for one violation: what is wrong, why that matters, and what to write.
func (r *Result) Message(n Note) string {
	if r.Control.ID == GovernanceID {
		return n.Text
	}
	return fmt.Sprintf("%s %q: %s. %s Fix: %s", r.ShortType(), r.Name, n.Text, r.Control.Why, r.Cure(n))
}

func levelForEngine(l Level) pulumirpc.EnforcementLevel {
	switch l {
	case Mandatory:
		return pulumirpc.EnforcementLevel_MANDATORY
	case Remediate:
		return pulumirpc.EnforcementLevel_REMEDIATE
	case Disabled:
		return pulumirpc.EnforcementLevel_DISABLED
	}
	return pulumirpc.EnforcementLevel_ADVISORY
}

func levelFromEngine(l pulumirpc.EnforcementLevel) (Level, error) {
	switch l {
	case pulumirpc.EnforcementLevel_ADVISORY:
		return Advisory, nil
	case pulumirpc.EnforcementLevel_MANDATORY:
		return Mandatory, nil
	case pulumirpc.EnforcementLevel_REMEDIATE:
		return Remediate, nil
	case pulumirpc.EnforcementLevel_DISABLED:
		return Disabled, nil
	}
	return Unset, fmt.Errorf("enforcement level %d is not known", l)
}
