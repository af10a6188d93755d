// SPDX-License-Identifier: Apache-2.0

package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// resource is a Terraform resource as its source describes it.
type resource struct {
	name string
	// attributes are the names at the top.
	attributes []string
	// replaces are paths such as "root_block_device.encrypted" whose change replaces the resource.
	replaces []string
}

// annotation is how the provider marks the function that makes a resource.
var annotation = regexp.MustCompile(`^// @(?:SDK|Framework)Resource\("(\w+)`)

// readProvider reads the resources of all services.
func readProvider(folder string) ([]resource, error) {
	words, err := constants(filepath.Join(folder, "names"))
	if err != nil {
		return nil, err
	}
	services, err := os.ReadDir(filepath.Join(folder, "internal/service"))
	if err != nil {
		return nil, err
	}
	var all []resource
	for _, s := range services {
		p, err := parse(filepath.Join(folder, "internal/service", s.Name()))
		if err != nil {
			return nil, err
		}
		p.names = words
		all = append(all, p.resources()...)
	}
	return all, nil
}

// service is the package of one AWS service.
type service struct {
	names     map[string]string
	constants map[string]string
	functions map[string]*ast.FuncDecl
	schemas   map[string]*ast.FuncDecl // the methods called Schema by the type that has them
	variables map[string]ast.Expr
	embedded  map[string][]string
	files     []*ast.File
}

func parse(folder string) (*service, error) {
	p := &service{
		constants: map[string]string{}, functions: map[string]*ast.FuncDecl{}, schemas: map[string]*ast.FuncDecl{},
		variables: map[string]ast.Expr{}, embedded: map[string][]string{},
	}
	list, err := filepath.Glob(filepath.Join(folder, "*.go"))
	if err != nil {
		return nil, err
	}
	for _, path := range list {
		if strings.HasSuffix(path, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			return nil, err
		}
		p.files = append(p.files, file)
		for _, d := range file.Decls {
			p.declare(d)
		}
	}
	return p, nil
}

func (p *service) declare(d ast.Decl) {
	switch d := d.(type) {
	case *ast.FuncDecl:
		if d.Recv == nil {
			p.functions[d.Name.Name] = d
		} else if d.Name.Name == "Schema" {
			p.schemas[typeName(d.Recv.List[0].Type)] = d
		}
	case *ast.GenDecl:
		for _, spec := range d.Specs {
			switch s := spec.(type) {
			case *ast.ValueSpec:
				for i, v := range s.Values {
					if text, ok := literal(v); ok && d.Tok == token.CONST {
						p.constants[s.Names[i].Name] = text
					}
					p.variables[s.Names[i].Name] = v
				}
			case *ast.TypeSpec:
				if t, ok := s.Type.(*ast.StructType); ok {
					for _, f := range t.Fields.List {
						if len(f.Names) == 0 {
							p.embedded[s.Name.Name] = append(p.embedded[s.Name.Name], typeName(f.Type))
						}
					}
				}
			}
		}
	}
}

// constants reads the names of attributes that the services share.
func constants(folder string) (map[string]string, error) {
	p, err := parse(folder)
	if err != nil {
		return nil, err
	}
	return p.constants, nil
}

func typeName(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.StarExpr:
		return typeName(e.X)
	case *ast.Ident:
		return e.Name
	case *ast.IndexExpr:
		return typeName(e.X)
	}
	return ""
}

func literal(e ast.Expr) (string, bool) {
	if b, ok := e.(*ast.BasicLit); ok && b.Kind == token.STRING {
		text, err := strconv.Unquote(b.Value)
		return text, err == nil
	}
	return "", false
}

func (p *service) resources() []resource {
	var all []resource
	for _, f := range p.files {
		for _, d := range f.Decls {
			made, ok := d.(*ast.FuncDecl)
			if !ok || made.Doc == nil {
				continue
			}
			for _, line := range made.Doc.List {
				if m := annotation.FindStringSubmatch(line.Text); m != nil {
					all = append(all, p.resource(m[1], made))
				}
			}
		}
	}
	return all
}

func (p *service) resource(name string, made *ast.FuncDecl) resource {
	w := walker{service: p, top: map[string]bool{}, replaces: map[string]bool{}, inside: map[ast.Node]bool{}}
	w.walk(made.Body, "")
	ast.Inspect(made.Body, func(n ast.Node) bool { // the type that a constructor of the framework makes
		if c, ok := n.(*ast.CompositeLit); ok {
			w.schema(typeName(c.Type))
		}
		return true
	})
	return resource{name: name, attributes: slices.Sorted(maps.Keys(w.top)), replaces: slices.Sorted(maps.Keys(w.replaces))}
}

// walker follows the definition of a schema through the literals and functions of a package.
type walker struct {
	*service
	top, replaces map[string]bool
	inside        map[ast.Node]bool
}

// schema walks the method Schema of a type, or of one that it embeds.
func (w *walker) schema(name string) {
	if method := w.schemas[name]; method != nil {
		w.walk(method.Body, "")
		return
	}
	for _, e := range w.embedded[name] {
		w.schema(e)
	}
}

// name is the text of a key: a literal or a constant.
func (w *walker) name(e ast.Expr) (string, bool) {
	switch e := e.(type) {
	case *ast.Ident:
		text, ok := w.constants[e.Name]
		return text, ok
	case *ast.SelectorExpr:
		text, ok := w.names[e.Sel.Name]
		return text, ok
	}
	return literal(e)
}

func (w *walker) walk(n ast.Node, path string) {
	ast.Inspect(n, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.KeyValueExpr:
			return w.pair(n, path)
		case *ast.CallExpr:
			w.call(n, path)
		case *ast.Ident:
			if v := w.variables[n.Name]; v != nil {
				w.enter(v, path)
			}
		}
		return true
	})
}

// pair handles one field of a schema or one attribute of a map and reports whether there is more below it.
func (w *walker) pair(n *ast.KeyValueExpr, path string) bool {
	key, isField := n.Key.(*ast.Ident)
	if text, ok := w.name(n.Key); ok && (!isField || w.constants[key.Name] != "") {
		below := strings.TrimPrefix(path+"."+text, ".")
		if path == "" {
			w.top[text] = true
		}
		w.walk(n.Value, below)
		return false
	}
	if !isField {
		return true
	}
	switch value, _ := n.Value.(*ast.Ident); {
	case key.Name == "ForceNew" && value != nil && value.Name == "true":
		w.replaces[path] = true
	case (key.Name == "SchemaFunc" || key.Name == "CustomizeDiff") && value != nil && w.functions[value.Name] != nil:
		w.enter(w.functions[value.Name].Body, path)
	}
	return true
}

// call follows a function of the package, and notes those that say what forces a replacement.
func (w *walker) call(n *ast.CallExpr, path string) {
	switch f := n.Fun.(type) {
	case *ast.Ident:
		if called := w.functions[f.Name]; called != nil && called.Body != nil {
			w.enter(called.Body, path)
		}
	case *ast.SelectorExpr:
		switch {
		case strings.HasPrefix(f.Sel.Name, "RequiresReplace"):
			w.replaces[path] = true
		case strings.HasPrefix(f.Sel.Name, "ForceNew") && len(n.Args) > 0:
			if text, ok := w.name(n.Args[0]); ok {
				w.replaces[text] = true
			}
		}
	}
}

// enter walks a definition that is elsewhere, once at a time: some blocks hold themselves.
func (w *walker) enter(n ast.Node, path string) {
	if w.inside[n] || strings.Count(path, ".") > 6 {
		return
	}
	w.inside[n] = true
	w.walk(n, path)
	delete(w.inside, n)
}
