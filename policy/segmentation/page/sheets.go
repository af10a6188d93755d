// SPDX-License-Identifier: Apache-2.0

package page

import (
	"strings"

	"github.com/bulkhead-iac/bulkhead/policy/segmentation"
	"github.com/bulkhead-iac/bulkhead/policy/segmentation/reach"
)

// sheets are what a click shows, as data for the script. Paths have many hops in common, so each is there once.
type sheets struct {
	Hops   []hop   `json:"hops"`
	Sheets []sheet `json:"sheets"`
	known  map[reach.Hop]int
}

type sheet struct {
	Title string `json:"title"`
	// Facts are pairs of a name and a text.
	Facts [][2]string `json:"facts"`
	Why   []why       `json:"why"`
}

type why struct {
	Symbol string `json:"symbol"`
	Words  string `json:"words"`
	What   string `json:"what"`
	Packet string `json:"packet,omitempty"`
	Hops   []int  `json:"hops,omitempty"`
}

type hop struct {
	Passes    bool   `json:"passes"`
	Says      string `json:"says"`
	Code      string `json:"code,omitempty"`
	Component string `json:"at"`
}

func newSheets() *sheets { return &sheets{known: map[reach.Hop]int{}} }

func (s *sheets) add(x sheet) int {
	s.Sheets = append(s.Sheets, x)
	return len(s.Sheets) - 1
}

// cell adds what is known of a cell and returns its number.
func (s *sheets) cell(p *segmentation.Proof, c *cell) int {
	x := sheet{Title: c.From + " → " + c.To}
	for _, fact := range [][2]string{
		{"In the table", c.Intended}, {"Must pass", c.Must}, {"May pass", c.May}, {"Through", strings.Join(c.Through, ", ")}, {"Before the change", c.Was.Words()},
	} {
		if fact[1] != "" {
			x.Facts = append(x.Facts, fact)
		}
	}
	for _, e := range p.Explain(c.Cell) {
		x.Why = append(x.Why, s.why(e.Status.Symbol(), e.Status.Words(), e.What, e.Path))
	}
	return s.add(x)
}

// change adds the path of what a change opens and returns its number.
func (s *sheets) change(c *change, path *reach.Path) int {
	return s.add(sheet{Title: c.From + " → " + c.To, Why: []why{s.why("+", c.Does, c.Packets, path)}})
}

func (s *sheets) why(symbol, words, what string, path *reach.Path) why {
	out := why{Symbol: symbol, Words: words, What: what}
	if path == nil {
		return out
	}
	if path.Packet.Source.IsValid() {
		out.Packet = path.Packet.String() + ", " + path.Way
	}
	for _, h := range path.Hops {
		i, found := s.known[h]
		if !found {
			i = len(s.Hops)
			s.known[h] = i
			s.Hops = append(s.Hops, hop{h.Passes, h.Says(), string(h.Code), h.Component})
		}
		out.Hops = append(out.Hops, i)
	}
	return out
}
