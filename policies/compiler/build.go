package main

import (
	"context"
	"fmt"
	"testing/fstest"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/compile"
)

// build gives the policy as WebAssembly, and what of `input` it can depend on. Tests are left out, and what the
// entrypoint does not need is pruned: else every rule that depends on it would become an entrypoint too.
func build(ctx context.Context, req *request, res *response) error {
	files := withoutTests(req.Files)
	compiler, err := checked(req, files)
	if err != nil {
		return err
	}
	entrypoint, err := ast.ParseRef(req.query())
	if err != nil {
		return err
	}
	if len(compiler.GetRules(entrypoint)) == 0 {
		return fmt.Errorf("there is no rule %v", entrypoint)
	}
	sources := fstest.MapFS{}
	for name, source := range files {
		sources[name] = &fstest.MapFile{Data: []byte(source)}
	}
	bundle := compile.New().WithFS(sources).WithPaths(".").WithAsBundle(true).WithTarget(compile.TargetWasm).
		WithEntrypoints(req.Entrypoint).WithPruneUnused(true).WithRegoVersion(ast.RegoV1).
		WithCapabilities(req.capabilities())
	if err := bundle.Build(ctx); err != nil {
		return err
	}
	res.Wasm = bundle.Bundle().WasmModules[0].Raw
	res.Reads = reads(compiler, entrypoint)
	return nil
}
