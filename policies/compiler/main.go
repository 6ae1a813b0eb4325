// Package main is OPA's own compiler, checker, formatter, tester and evaluator as one WebAssembly module, so that
// writing policies needs no other tool. It has no file system, no network and no environment: a request holds every
// file, the answer every result.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/version"
)

type request struct {
	Op string `json:"op"`
	// Files by path: modules and tests (`*_test.rego`).
	Files map[string]string `json:"files"`
	// Library names the files that come with the product; the conventions for authors do not bind them.
	Library []string       `json:"library"`
	Data    map[string]any `json:"data"`
	// Builtins that may be called; a call of any other is a compile error.
	Builtins []string `json:"builtins"`
	// InputSchema is a JSON schema: a reference to an unknown field of `input` is a compile error.
	InputSchema any `json:"input_schema"`
	// Entrypoint as `package/rule`.
	Entrypoint string `json:"entrypoint"`
	Inputs     []any  `json:"inputs"`
	Filter     string `json:"filter"`
	// Coverage of tests costs half as much again as running them.
	Coverage bool `json:"coverage"`
}

type response struct {
	OK        bool              `json:"ok"`
	Version   string            `json:"version"`
	Errors    []diagnostic      `json:"errors"`
	Wasm      []byte            `json:"wasm,omitempty"`
	Reads     [][]string        `json:"reads"`
	Formatted map[string]string `json:"formatted,omitempty"`
	Tests     []testResult      `json:"tests,omitempty"`
	Coverage  []fileCoverage    `json:"coverage,omitempty"`
	Results   []evaluation      `json:"results,omitempty"`
	// Explanations, one for each input.
	Explanations []explanation `json:"explanations,omitempty"`
}

func handle(req *request) (res *response) {
	res = &response{Version: version.Version, Errors: []diagnostic{}}
	defer func() {
		if failure := recover(); failure != nil {
			res.Errors = diagnostics(req, fmt.Errorf("the compiler failed: %v", failure))
		}
		res.OK = len(res.Errors) == 0
	}()
	if err := perform(context.Background(), req, res); err != nil {
		res.Errors = diagnostics(req, err)
	}
	return res
}

func perform(ctx context.Context, req *request, res *response) error {
	switch req.Op {
	case "version":
		return nil
	case "check":
		_, err := checked(req, req.Files)
		return err
	case "build":
		return build(ctx, req, res)
	case "eval":
		return evaluate(ctx, req, res)
	case "explain":
		return explain(ctx, req, res)
	case "test":
		return test(ctx, req, res)
	case "fmt":
		return formatAll(req, res)
	}
	return fmt.Errorf("unknown operation %q", req.Op)
}

// capabilities are this version's language with the permitted built-ins only.
func (req *request) capabilities() *ast.Capabilities {
	caps := ast.CapabilitiesForThisVersion()
	caps.Builtins = slices.DeleteFunc(caps.Builtins, func(b *ast.Builtin) bool {
		return !slices.Contains(req.Builtins, b.Name)
	})
	caps.AllowNet = []string{}
	return caps
}

// query is the entrypoint as Rego writes it.
func (req *request) query() string { return "data." + strings.ReplaceAll(req.Entrypoint, "/", ".") }

// answer is the whole exchange with the host: JSON in, JSON out.
func answer(requestJSON []byte) []byte {
	var req request
	var res *response
	if err := decodeNumbersAsText(requestJSON, &req); err != nil {
		res = &response{Version: version.Version, Errors: diagnostics(&req, err)}
	} else {
		res = handle(&req)
	}
	encoded, err := json.Marshal(res)
	if err != nil {
		encoded, _ = json.Marshal(&response{Version: version.Version, Errors: diagnostics(&req, err)})
	}
	return encoded
}

// main is never called: the module is a reactor.
func main() {}
