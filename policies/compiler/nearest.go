package main

import (
	"slices"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"
)

// meant is the valid name that an unknown one is most likely a slip of; empty when none is close.
func meant(req *request, e *ast.Error) string {
	if invalid, ok := e.Details.(*ast.RefErrInvalidDetail); ok {
		names := []string{}
		for _, value := range invalid.OneOf {
			if name, ok := value.(ast.String); ok {
				names = append(names, string(name))
			}
		}
		have, _ := invalid.Ref[invalid.Pos].Value.(ast.String)
		return nearest(string(have), names)
	}
	if name, ok := strings.CutPrefix(e.Message, "undefined function "); ok {
		return nearest(name, append(rules(req), req.Builtins...))
	}
	if name, ok := strings.CutPrefix(e.Message, "var "); ok && e.Code == ast.UnsafeVarErr {
		name, _, _ = strings.Cut(name, " ")
		return nearest(name, append(rules(req), "input", "data"))
	}
	return ""
}

// rules are the names that the files define, as far as they can be parsed.
func rules(req *request) []string {
	names := []string{}
	for name, source := range req.Files {
		module, err := ast.ParseModuleWithOpts(name, source, ast.ParserOptions{RegoVersion: ast.RegoV1})
		if err != nil {
			continue
		}
		for _, rule := range module.Rules {
			names = append(names, rule.Head.Ref()[0].Value.String())
		}
		for _, imported := range module.Imports {
			names = append(names, string(imported.Name()))
		}
	}
	return names
}

// nearest is a third of the word away at most; of equals it is the first. A short word is close to everything.
func nearest(word string, names []string) string {
	if len(word) < 3 {
		return ""
	}
	best, fewest := "", (len(word)+2)/3+1
	slices.Sort(names)
	for _, name := range names {
		if edits := distance(strings.ToLower(word), strings.ToLower(name)); edits < fewest && name != word {
			best, fewest = name, edits
		}
	}
	return best
}

// distance is Levenshtein's, one row at a time.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			substituted := diagonal
			if a[i] != b[j] {
				substituted++
			}
			diagonal = row[j+1]
			row[j+1] = min(substituted, row[j+1]+1, row[j]+1)
		}
	}
	return row[len(b)]
}
