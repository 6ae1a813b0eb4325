package main

import (
	"errors"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"
)

func isTest(file string) bool { return strings.HasSuffix(file, "_test.rego") }

// withoutTests is what a bundle is built of.
func withoutTests(files map[string]string) map[string]string {
	kept := map[string]string{}
	for name, source := range files {
		if !isTest(name) {
			kept[name] = source
		}
	}
	return kept
}

// parsed reports the errors of all files, not only of the first.
func parsed(req *request, files map[string]string) (map[string]*ast.Module, error) {
	modules, found := map[string]*ast.Module{}, ast.Errors{}
	options := ast.ParserOptions{ProcessAnnotation: true, RegoVersion: ast.RegoV1, Capabilities: req.capabilities()}
	for name, source := range files {
		module, err := ast.ParseModuleWithOpts(name, source, options)
		var many ast.Errors
		switch {
		case errors.As(err, &many):
			found = append(found, many...)
		case err != nil:
			found = append(found, ast.NewError(ast.ParseErr, fileStart(name), "%v", err))
		default:
			modules[name] = module
		}
	}
	if len(found) > 0 {
		found.Sort()
		return nil, found
	}
	return modules, nil
}

func fileStart(name string) *ast.Location { return &ast.Location{File: name, Row: 1, Col: 1} }

// newCompiler is strict: an unused variable or import is an error.
func newCompiler(req *request) *ast.Compiler {
	compiler := ast.NewCompiler().WithStrict(true).WithDefaultRegoVersion(ast.RegoV1).
		WithCapabilities(req.capabilities()).WithEnablePrintStatements(req.Op == "test").
		WithPathConflictsCheck(func(path []string) (bool, error) { return hasDocument(req.Data, path), nil })
	if req.InputSchema != nil {
		schemas := ast.NewSchemaSet()
		schemas.Put(ast.SchemaRootRef, req.InputSchema)
		compiler = compiler.WithSchemas(schemas)
	}
	return compiler
}

// hasDocument: a rule and a base document at one path would hide each other.
func hasDocument(data any, path []string) bool {
	for _, key := range path {
		object, ok := data.(map[string]any)
		if !ok {
			return false
		}
		if data, ok = object[key]; !ok {
			return false
		}
	}
	return true
}

// checked parses and compiles, and holds authors to the conventions that the library relies on.
func checked(req *request, files map[string]string) (*ast.Compiler, error) {
	modules, err := parsed(req, files)
	if err != nil {
		return nil, err
	}
	if found := conventions(modules, req.Library); len(found) > 0 {
		found.Sort()
		return nil, found
	}
	compiler := newCompiler(req)
	if compiler.Compile(modules); compiler.Failed() {
		return nil, compiler.Errors
	}
	return compiler, nil
}
