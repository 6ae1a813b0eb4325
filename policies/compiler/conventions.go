package main

import (
	"slices"

	"github.com/open-policy-agent/opa/v1/ast"
)

const conventionErr = "sluice_convention_error"

// authorSets are the partial sets that the decision library folds.
var authorSets = []string{"allow", "deny", "hold", "mask", "limit"}

// conventions finds what would compile and then be ignored: a package that the library does not fold, or a rule that
// is no set. An ignored `deny` is a hole, so these are errors.
func conventions(modules map[string]*ast.Module, library []string) ast.Errors {
	found := ast.Errors{}
	for name, module := range modules {
		if isTest(name) || slices.Contains(library, name) {
			continue
		}
		path := packageNames(module.Package)
		if len(path) == 0 || path[0] != "sluice" {
			continue
		}
		if len(path) != 3 || path[1] != "rules" {
			found = append(found, ast.NewError(conventionErr, module.Package.Location,
				"package %v is not read by the decision: name it sluice.rules.<name>", module.Package.Path))
			continue
		}
		for _, rule := range module.Rules {
			if problem := ruleProblem(rule); problem != "" {
				found = append(found, ast.NewError(conventionErr, rule.Location, "%s", problem))
			}
		}
	}
	return found
}

func packageNames(pkg *ast.Package) []string {
	names := []string{}
	for _, term := range pkg.Path[1:] {
		if name, ok := term.Value.(ast.String); ok {
			names = append(names, string(name))
		}
	}
	return names
}

func ruleProblem(rule *ast.Rule) string {
	ref := rule.Head.Ref()
	name := string(ref[0].Value.(ast.Var))
	if !slices.Contains(authorSets, name) {
		return ""
	}
	if rule.Head.RuleKind() != ast.MultiValue || len(ref) != 1 || rule.Default || len(rule.Head.Args) > 0 {
		return "`" + name + "` must be a set: write `" + name + " contains {…} if {…}`"
	}
	return ""
}
