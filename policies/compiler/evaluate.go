package main

import (
	"context"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/rego"
	"github.com/open-policy-agent/opa/v1/storage/inmem"
)

// evaluation is what the entrypoint gave for one input. An undefined one has neither field.
type evaluation struct {
	Value any    `json:"value,omitempty"`
	Error string `json:"error,omitempty"`
}

// evaluate answers with OPA's own interpreter, the reference that the WebAssembly is compared with.
func evaluate(ctx context.Context, req *request, res *response) error {
	compiler, err := checked(req, withoutTests(req.Files))
	if err != nil {
		return err
	}
	query, err := rego.New(
		rego.Query(req.query()),
		rego.Compiler(compiler),
		rego.Store(inmem.NewFromObject(documents(req.Data))),
	).PrepareForEval(ctx)
	if err != nil {
		return err
	}
	for _, input := range req.Inputs {
		document, err := ast.InterfaceToValue(input)
		if err != nil {
			return err
		}
		res.Results = append(res.Results, one(query.Eval(ctx, rego.EvalParsedInput(document))))
	}
	return nil
}

func one(set rego.ResultSet, err error) evaluation {
	switch {
	case err != nil:
		return evaluation{Error: err.Error()}
	case len(set) == 0:
		return evaluation{}
	}
	return evaluation{Value: set[0].Expressions[0].Value}
}

func documents(data map[string]any) map[string]any {
	if data == nil {
		return map[string]any{}
	}
	return data
}
