// SPDX-License-Identifier: Apache-2.0

package slim

import (
	"errors"
	"go/ast"
	"go/format"
	"go/parser"
	"go/token"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// rewrite narrows the generated registration code in dst.
func (c *copier) rewrite() error {
	// The package that embeds every service's error texts embeds those that remain.
	if err := copyFile(filepath.Join(c.src, "internal/service/smarterr.hcl"), filepath.Join(c.dst, "internal/service/smarterr.hcl")); err != nil {
		return err
	}
	kept := map[string]bool{}
	for _, service := range c.services() {
		kept[service] = true
		table := filepath.Join(c.dst, "internal/service", service, tableFile)
		if err := c.edit(table, c.narrowTable); err != nil {
			return err
		}
	}
	err := c.edit(filepath.Join(c.dst, registryFile), func(f *ast.File) {
		ast.Inspect(f, func(n ast.Node) bool {
			if list, ok := n.(*ast.CompositeLit); ok {
				list.Elts = slices.DeleteFunc(list.Elts, func(e ast.Expr) bool {
					call, ok := e.(*ast.CallExpr)
					return ok && !kept[qualifier(call.Fun)]
				})
			}
			return true
		})
	})
	if err != nil {
		return err
	}
	used, err := c.usedClients()
	if err != nil {
		return err
	}
	return c.edit(filepath.Join(c.dst, clientsFile), func(f *ast.File) {
		f.Decls = slices.DeleteFunc(f.Decls, func(d ast.Decl) bool {
			fn, ok := d.(*ast.FuncDecl)
			return ok && !used[fn.Name.Name]
		})
	})
}

// narrowTable drops every registered type that is not kept. Actions, ephemeral and list resources
// have no Pulumi counterpart and go altogether.
func (c *copier) narrowTable(f *ast.File) {
	for _, decl := range f.Decls {
		fn, ok := decl.(*ast.FuncDecl)
		if !ok || fn.Recv == nil {
			continue
		}
		ast.Inspect(fn, func(n ast.Node) bool {
			list, ok := n.(*ast.CompositeLit)
			if !ok {
				return true
			}
			list.Elts = slices.DeleteFunc(list.Elts, func(e ast.Expr) bool {
				name := typeName(e)
				return name != "" && !c.keep[fn.Name.Name+"/"+name]
			})
			return true
		})
	}
}

// usedClients returns the names of the API client accessors that the kept packages call.
func (c *copier) usedClients() (map[string]bool, error) {
	used := map[string]bool{}
	for pkg := range c.packages {
		files, err := c.goFiles(pkg)
		if err != nil {
			return nil, err
		}
		for _, file := range files {
			if strings.HasSuffix(file, clientsFile) {
				continue
			}
			parsed, err := parser.ParseFile(c.set, file, nil, parser.SkipObjectResolution)
			if err != nil {
				return nil, err
			}
			ast.Inspect(parsed, func(n ast.Node) bool {
				if sel, ok := n.(*ast.SelectorExpr); ok && strings.HasSuffix(sel.Sel.Name, "Client") {
					used[sel.Sel.Name] = true
				}
				return true
			})
		}
	}
	return used, nil
}

// edit applies change to the file and removes the imports that are no longer used.
func (c *copier) edit(file string, change func(*ast.File)) error {
	parsed, err := parser.ParseFile(c.set, file, nil, parser.SkipObjectResolution)
	if err != nil {
		return err
	}
	change(parsed)
	used := map[string]bool{}
	ast.Inspect(parsed, func(n ast.Node) bool {
		if sel, ok := n.(*ast.SelectorExpr); ok {
			used[qualifier(sel)] = true
		}
		return true
	})
	parsed.Comments = nil // positions of removed code would scatter them
	for _, decl := range parsed.Decls {
		if imports, ok := decl.(*ast.GenDecl); ok && imports.Tok == token.IMPORT {
			imports.Specs = slices.DeleteFunc(imports.Specs, func(s ast.Spec) bool {
				return !used[importName(s.(*ast.ImportSpec))]
			})
		}
	}
	out, err := os.Create(file)
	if err != nil {
		return err
	}
	if err := format.Node(out, c.set, parsed); err != nil {
		return errors.Join(err, out.Close())
	}
	return out.Close()
}

func importPath(spec *ast.ImportSpec) string {
	p, _ := strconv.Unquote(spec.Path.Value) // the parser has checked the syntax
	return p
}

func importName(spec *ast.ImportSpec) string {
	if spec.Name != nil {
		return spec.Name.Name
	}
	return path.Base(importPath(spec))
}

func qualifier(e ast.Expr) string {
	if sel, ok := e.(*ast.SelectorExpr); ok {
		if id, ok := sel.X.(*ast.Ident); ok {
			return id.Name
		}
	}
	return ""
}

// typeName returns the TypeName field of a registration, or "".
func typeName(e ast.Expr) string {
	lit, ok := e.(*ast.CompositeLit)
	if !ok {
		return ""
	}
	for _, elt := range lit.Elts {
		kv, ok := elt.(*ast.KeyValueExpr)
		if !ok {
			continue
		}
		if key, ok := kv.Key.(*ast.Ident); ok && key.Name == "TypeName" {
			if value, ok := kv.Value.(*ast.BasicLit); ok {
				name, _ := strconv.Unquote(value.Value)
				return name
			}
		}
	}
	return ""
}
