package main

import (
	"slices"

	"github.com/open-policy-agent/opa/v1/ast"
)

// reads are the paths of `input` on which the entrypoint can depend: each reference up to its first part that is not
// a fixed name. The empty path stands for the whole document. Every rule that the entrypoint may ask counts, whether
// it does or not, and so does what `with` replaces: more paths are never wrong, one too few is.
//
// It looks at compiled rules, where `x := input.action; x.kind` has become a reference to `input.action` as a
// whole; so a value that leaves by a variable, an argument or a comprehension is covered with all that is in it.
func reads(compiler *ast.Compiler, entrypoint ast.Ref) [][]string {
	found := [][]string{}
	var visitor *ast.GenericVisitor
	visitor = ast.NewGenericVisitor(func(node any) bool {
		switch node := node.(type) {
		case ast.Ref:
			if !node.HasPrefix(ast.InputRootRef) {
				return false
			}
			found = append(found, fixedPrefix(node))
			for _, term := range node[1:] {
				visitor.Walk(term)
			}
			return true
		case ast.Var:
			if node.Equal(ast.InputRootDocument.Value) {
				found = append(found, []string{})
			}
		}
		return false
	})
	for rule := range reachable(compiler, entrypoint) {
		visitor.Walk(rule)
	}
	return widest(found)
}

// reachable follows the compiler's own graph, in which a dynamic reference leads to every rule that it may mean.
func reachable(compiler *ast.Compiler, entrypoint ast.Ref) map[*ast.Rule]bool {
	reached := map[*ast.Rule]bool{}
	var visit func(rule *ast.Rule)
	visit = func(rule *ast.Rule) {
		if reached[rule] {
			return
		}
		reached[rule] = true
		for dependency := range compiler.Graph.Dependencies(rule) {
			if next, ok := dependency.(*ast.Rule); ok {
				visit(next)
			}
		}
	}
	for _, rule := range compiler.GetRules(entrypoint) {
		for ; rule != nil; rule = rule.Else {
			visit(rule)
		}
	}
	return reached
}

func fixedPrefix(ref ast.Ref) []string {
	path := []string{}
	for _, term := range ref[1:] {
		name, ok := term.Value.(ast.String)
		if !ok {
			break
		}
		path = append(path, string(name))
	}
	return path
}

// widest drops a path below another one. The result is sorted, so that equal modules give equal answers.
func widest(paths [][]string) [][]string {
	slices.SortFunc(paths, slices.Compare)
	kept := [][]string{}
	for _, path := range paths {
		covered := slices.ContainsFunc(kept, func(above []string) bool {
			return len(above) <= len(path) && slices.Equal(above, path[:len(above)])
		})
		if !covered {
			kept = append(kept, path)
		}
	}
	return kept
}
