package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"
)

// diagnostic is a finding with the place that it is about; rows and columns count from 1.
type diagnostic struct {
	File    string `json:"file"`
	Row     int    `json:"row"`
	Col     int    `json:"col"`
	Code    string `json:"code"`
	Message string `json:"message"`
}

func diagnostics(req *request, err error) []diagnostic {
	var many ast.Errors
	if errors.As(err, &many) {
		found := make([]diagnostic, 0, len(many))
		for _, one := range many {
			found = append(found, located(req, one))
		}
		return found
	}
	var one *ast.Error
	if errors.As(err, &one) {
		return []diagnostic{located(req, one)}
	}
	return []diagnostic{{Code: "compiler_error", Message: err.Error()}}
}

func located(req *request, e *ast.Error) diagnostic {
	found := diagnostic{Code: e.Code, Message: e.Message}
	if near := meant(req, e); near != "" {
		found.Message += ", did you mean " + near + "?"
	}
	if e.Location != nil {
		found.File, found.Row, found.Col = e.Location.File, e.Location.Row, e.Location.Col
	}
	if e.Details != nil {
		found.Message += "\n" + strings.Join(e.Details.Lines(), "\n")
	}
	return found
}

// decodeNumbersAsText keeps integers above 2^53 exact.
func decodeNumbersAsText(text []byte, into any) error {
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	return decoder.Decode(into)
}
