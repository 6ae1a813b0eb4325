package main

import (
	"errors"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/format"
)

// formatAll gives the files whose formatted text differs.
func formatAll(req *request, res *response) error {
	found := ast.Errors{}
	res.Formatted = map[string]string{}
	for name, source := range req.Files {
		formatted, err := format.SourceWithOpts(name, []byte(source), format.Opts{RegoVersion: ast.RegoV1})
		var many ast.Errors
		switch {
		case errors.As(err, &many):
			found = append(found, many...)
		case err != nil:
			found = append(found, ast.NewError(ast.ParseErr, fileStart(name), "%v", err))
		case string(formatted) != source:
			res.Formatted[name] = string(formatted)
		}
	}
	if len(found) > 0 {
		found.Sort()
		return found
	}
	return nil
}
