// SPDX-License-Identifier: Apache-2.0

// Package slim cuts the source tree of the Terraform AWS provider down to the service packages that
// define a given list of resource types, so that it builds in minutes instead of half an hour.
//
// Nothing is rewritten but generated registration code: the list of service packages, the list of
// API clients, and in each service package the table of resource types. Everything else is copied as
// it is, and what is no longer referenced is left to the linker.
package slim

import (
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

const (
	modulePath  = "github.com/hashicorp/terraform-provider-aws"
	servicePath = modulePath + "/internal/service/"
	entryPoint  = modulePath + "/xpprovider"

	registryFile = "internal/provider/sdkv2/service_packages_gen.go"
	clientsFile  = "internal/conns/awsclient_gen.go"
	tableFile    = "service_package_gen.go"
)

// Tree describes what was kept.
type Tree struct {
	Services []string // names of the service packages, sorted
	Packages int      // number of Go packages copied
}

// Copy writes the reduced tree of the provider module at src to dst, which must not exist.
// types holds the Terraform names ("aws_vpc") of the resources to keep and dataSources those of the
// data sources; an unknown name is an error that lists every unknown name.
func Copy(src, dst string, types, dataSources []string) (*Tree, error) {
	c := &copier{src: src, dst: dst, set: token.NewFileSet(), keep: map[string]bool{}, packages: map[string]bool{}}
	for _, t := range types {
		c.keep["SDKResources/"+t] = true
		c.keep["FrameworkResources/"+t] = true
	}
	for _, t := range dataSources {
		c.keep["SDKDataSources/"+t] = true
		c.keep["FrameworkDataSources/"+t] = true
	}
	roots, err := c.servicesOf(append(slices.Clone(types), dataSources...))
	if err != nil {
		return nil, err
	}
	// An API client comes from the service package of its name, which nothing imports for that alone.
	for len(roots) > 0 {
		if err := c.collect(roots); err != nil {
			return nil, err
		}
		if roots, err = c.clientServices(); err != nil {
			return nil, err
		}
	}
	for _, pkg := range slices.Sorted(maps.Keys(c.packages)) {
		if err := c.copyPackage(pkg); err != nil {
			return nil, err
		}
	}
	if err := c.rewrite(); err != nil {
		return nil, err
	}
	for _, name := range []string{"go.mod", "go.sum", "LICENSE"} {
		if err := copyFile(filepath.Join(src, name), filepath.Join(dst, name)); err != nil {
			return nil, err
		}
	}
	return &Tree{Services: c.services(), Packages: len(c.packages)}, nil
}

type copier struct {
	src, dst string
	set      *token.FileSet
	keep     map[string]bool // "<table>/<type name>"
	packages map[string]bool // import paths
}

// servicesOf finds the service packages whose registration tables name the types.
func (c *copier) servicesOf(types []string) ([]string, error) {
	tables, err := filepath.Glob(filepath.Join(c.src, "internal/service", "*", tableFile))
	if err != nil || len(tables) == 0 {
		return nil, fmt.Errorf("%s holds no service packages: %w", c.src, errors.Join(err, fs.ErrNotExist))
	}
	owner := map[string]string{}
	for _, table := range tables {
		text, err := os.ReadFile(table)
		if err != nil {
			return nil, err
		}
		service := filepath.Base(filepath.Dir(table))
		for line := range strings.Lines(string(text)) {
			if name, ok := strings.CutPrefix(strings.TrimSpace(line), "TypeName:"); ok {
				if name, err := strconv.Unquote(strings.TrimSuffix(strings.TrimSpace(name), ",")); err == nil {
					owner[name] = service
				}
			}
		}
	}
	services := map[string]bool{"sts": true} // the provider asks who it is
	var unknown []string
	for _, t := range types {
		if service, ok := owner[t]; ok {
			services[service] = true
		} else {
			unknown = append(unknown, t)
		}
	}
	if len(unknown) > 0 {
		return nil, fmt.Errorf("the provider has no type named %s", strings.Join(unknown, ", "))
	}
	var roots []string
	for service := range services {
		roots = append(roots, servicePath+service)
	}
	return roots, nil
}

// collect walks the imports of the entry point and of the wanted services.
func (c *copier) collect(roots []string) error {
	queue := append(roots, entryPoint)
	for len(queue) > 0 {
		pkg := queue[0]
		queue = queue[1:]
		if c.packages[pkg] {
			continue
		}
		c.packages[pkg] = true
		files, err := c.goFiles(pkg)
		if err != nil {
			return err
		}
		for _, file := range files {
			if strings.HasSuffix(file, registryFile) {
				continue // rewritten to the wanted services only
			}
			parsed, err := parser.ParseFile(c.set, file, nil, parser.ImportsOnly)
			if err != nil {
				return err
			}
			for _, spec := range parsed.Imports {
				if imported := importPath(spec); strings.HasPrefix(imported, modulePath+"/") {
					queue = append(queue, imported)
				}
			}
		}
	}
	return nil
}

// clientServices returns the service packages, not collected yet, whose API clients are in use.
func (c *copier) clientServices() ([]string, error) {
	used, err := c.usedClients()
	if err != nil {
		return nil, err
	}
	names, err := c.serviceNames()
	if err != nil {
		return nil, err
	}
	parsed, err := parser.ParseFile(c.set, filepath.Join(c.src, clientsFile), nil, parser.SkipObjectResolution)
	if err != nil {
		return nil, err
	}
	var missing []string
	for _, decl := range parsed.Decls {
		fn, ok := decl.(*ast.FuncDecl)
		if !ok || !used[fn.Name.Name] {
			continue
		}
		ast.Inspect(fn.Body, func(n ast.Node) bool {
			if sel, ok := n.(*ast.SelectorExpr); ok && qualifier(sel) == "names" {
				if pkg := servicePath + names[sel.Sel.Name]; !c.packages[pkg] {
					missing = append(missing, pkg)
				}
			}
			return true
		})
	}
	return missing, nil
}

// serviceNames returns the values of the constants that name the services.
func (c *copier) serviceNames() (map[string]string, error) {
	parsed, err := parser.ParseFile(c.set, filepath.Join(c.src, "names/consts_gen.go"), nil, parser.SkipObjectResolution)
	if err != nil {
		return nil, err
	}
	values := map[string]string{}
	ast.Inspect(parsed, func(n ast.Node) bool {
		if spec, ok := n.(*ast.ValueSpec); ok && len(spec.Values) == 1 {
			if lit, ok := spec.Values[0].(*ast.BasicLit); ok && lit.Kind == token.STRING {
				values[spec.Names[0].Name], _ = strconv.Unquote(lit.Value) // the parser has checked the syntax
			}
		}
		return true
	})
	return values, nil
}

func (c *copier) services() []string {
	var names []string
	for pkg := range c.packages {
		if name, ok := strings.CutPrefix(pkg, servicePath); ok && !strings.Contains(name, "/") {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

func (c *copier) goFiles(pkg string) ([]string, error) {
	dir := filepath.Join(c.src, strings.TrimPrefix(pkg, modulePath))
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	var files []string
	for _, e := range entries {
		if name := e.Name(); strings.HasSuffix(name, ".go") && !strings.HasSuffix(name, "_test.go") {
			files = append(files, filepath.Join(dir, name))
		}
	}
	return files, nil
}

// copyPackage copies the Go files of one package and whatever else lies beside them or below them
// that is not Go code, because it may be embedded.
func (c *copier) copyPackage(pkg string) error {
	rel := strings.TrimPrefix(pkg, modulePath+"/")
	root := filepath.Join(c.src, rel)
	return filepath.WalkDir(root, func(file string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if e.IsDir() {
			skip := e.Name() == "testdata" || e.Name() == "test-fixtures" || (pkg == modulePath+"/internal" && e.Name() == "service")
			if skip {
				return fs.SkipDir
			}
			return nil
		}
		isGo := strings.HasSuffix(file, ".go")
		if strings.HasSuffix(file, "_test.go") || (isGo && filepath.Dir(file) != root) {
			return nil
		}
		below, err := filepath.Rel(c.src, file)
		if err != nil {
			return err
		}
		return copyFile(file, filepath.Join(c.dst, below))
	})
}

func copyFile(from, to string) error {
	text, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(to), 0o750); err != nil {
		return err
	}
	return os.WriteFile(to, text, 0o600)
}
