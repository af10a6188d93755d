// SPDX-License-Identifier: Apache-2.0

package gateway

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"

	"github.com/bulkhead-iac/bulkhead/tools/emulator/wire"
)

// accountHeader tells moto whose call it is.
const accountHeader = "X-Moto-Account-Id"

// hopHeaders belong to one connection and are not passed on (RFC 9110, section 7.6.1).
var hopHeaders = []string{"Connection", "Keep-Alive", "Proxy-Authenticate", "Proxy-Authorization", "Proxy-Connection", "Te", "Trailer",
	"Transfer-Encoding", "Upgrade", "Expect", "Content-Length"}

// forward sends a call to moto and reads the whole answer.
func (g *Gateway) forward(r *http.Request, c *wire.Call, account string) (*wire.Reply, error) {
	// A caller that gives up does not take back what it asked for: the call is carried out as AWS would.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(r.Context()), 5*time.Minute)
	defer cancel()
	target, err := url.Parse(g.backend.Endpoint)
	if err != nil {
		return nil, err
	}
	if target.Path, err = url.PathUnescape(c.Path); err != nil {
		return nil, fmt.Errorf("path %s: %w", c.Path, err)
	}
	target.RawPath, target.RawQuery = c.Path, c.RawQuery
	request, err := http.NewRequestWithContext(ctx, c.Method, target.String(), bytes.NewReader(c.Body))
	if err != nil {
		return nil, err
	}
	request.Header = c.Header.Clone()
	for _, name := range hopHeaders {
		request.Header.Del(name)
	}
	request.Header.Set(accountHeader, account)
	request.Host = localHost(r.Host) // Some answers hold addresses made from it.
	if len(c.Body) == 0 {
		request.Body = http.NoBody
	}
	reply, err := g.roundTrip(request)
	if err != nil {
		return nil, err
	}
	if reply.Status >= http.StatusBadRequest && !c.IsAWS(reply) {
		g.log.Printf("moto cannot do %s %s (%s %s): status %d", c.Service, c.Action, c.Method, c.Path, reply.Status)
		return c.Error(http.StatusNotImplemented, "NotImplemented", fmt.Sprintf(
			"moto %s cannot do %s %s and neither can the gateway: it is not implemented, or it failed (moto.log says which)",
			g.backend.Version, c.Service, c.Action)), nil
	}
	return reply, nil
}

// roundTrip does one HTTP exchange with moto.
func (g *Gateway) roundTrip(request *http.Request) (*wire.Reply, error) {
	if err := g.alive(); err != nil {
		return nil, err
	}
	response, err := g.client.Do(request) // #nosec G704 -- the target is moto's own loopback address
	if err != nil {
		select {
		case <-g.backend.Gone:
			return nil, g.alive()
		case <-time.After(200 * time.Millisecond): // A dying process closes its connections a moment before it is gone.
		}
		return nil, errors.Join(g.alive(), err)
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return nil, errors.Join(g.alive(), err)
	}
	reply := &wire.Reply{Status: response.StatusCode, Header: response.Header, Body: body}
	length := response.Header.Get("Content-Length")
	for _, name := range append([]string{"Server", "Date"}, hopHeaders...) {
		reply.Header.Del(name)
	}
	if request.Method == http.MethodHead && length != "" {
		reply.Header.Set("Content-Length", length)
	}
	return reply, nil
}

// alive says how moto ended, if it has.
func (g *Gateway) alive() error {
	select {
	case <-g.backend.Gone:
		if failure := g.backend.Failure(); failure != nil {
			return fmt.Errorf("%w (%w)", ErrBackendGone, failure)
		}
		return ErrBackendGone
	default:
		return nil
	}
}

// motoPage passes a read of moto's own pages (/moto-api/) through.
func (g *Gateway) motoPage(w http.ResponseWriter, r *http.Request) {
	// #nosec G704 -- the host is moto's own loopback address; only path and query are the caller's
	request, err := http.NewRequestWithContext(r.Context(), http.MethodGet, g.backend.Endpoint+r.URL.RequestURI(), nil)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	reply, err := g.roundTrip(request)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadGateway)
		return
	}
	write(w, reply)
}
