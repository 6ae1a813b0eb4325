package main

import (
	"encoding/json"
	"slices"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/topdown"
)

// onlooker gathers, from the events of an evaluation, what each rule came to.
type onlooker struct {
	compiler *ast.Compiler
	// What conditions look at.
	input, data any
	found       map[*ast.Rule]*progress
	running     map[uint64]*ast.Rule
}

type progress struct {
	ruleTrace
	// furthest is the place of the failed condition in the order of evaluation.
	furthest int
}

func newOnlooker(compiler *ast.Compiler, input, data any) *onlooker {
	return &onlooker{compiler, input, data, map[*ast.Rule]*progress{}, map[uint64]*ast.Rule{}}
}

func (o *onlooker) Enabled() bool { return true }

func (o *onlooker) Config() topdown.TraceConfig { return topdown.TraceConfig{PlugLocalVars: true} }

// TraceEvent: what fails in a body within a condition (a comprehension, a negation) has a query of its own and is no
// failure of the rule.
func (o *onlooker) TraceEvent(event topdown.Event) {
	switch node := event.Node.(type) {
	case *ast.Rule:
		of := o.of(node)
		if event.Op == topdown.EnterOp {
			o.running[event.QueryID] = node
			of.Tried++
		}
		if event.Op == topdown.ExitOp {
			of.Held = true
			of.Value = valueOf(node.Head, event)
		}
	case *ast.Expr:
		rule := o.running[event.QueryID]
		if event.Op != topdown.FailOp || rule == nil {
			return
		}
		of := o.of(rule)
		if of.Held || of.Failed != nil && node.Index < of.furthest {
			return
		}
		of.furthest = node.Index
		of.Failed = o.conditionOf(rule, node, event)
	}
}

func (o *onlooker) of(rule *ast.Rule) *progress {
	if o.found[rule] == nil {
		o.found[rule] = &progress{}
	}
	return o.found[rule]
}

func (o *onlooker) conditionOf(rule *ast.Rule, expr *ast.Expr, event topdown.Event) *condition {
	failed := &condition{Row: expr.Location.Row, Text: string(expr.Location.Text), Values: []seenValue{}, Uses: []string{}}
	// The compiler takes a condition apart: what it looks at may stand in a part that was evaluated before.
	for _, part := range rule.Body {
		if !within(part.Location, expr.Location) {
			continue
		}
		ast.WalkRefs(part, func(ref ast.Ref) bool {
			o.look(failed, ref)
			return false
		})
	}
	if event.Locals != nil {
		event.Locals.Iter(func(name, value ast.Value) bool {
			if known, ok := event.LocalMetadata[name.(ast.Var)]; ok && mentions(failed.Text, string(known.Name)) {
				if plain, err := ast.JSON(value); err == nil {
					failed.see(string(known.Name), plain)
				}
			}
			return false
		})
	}
	return failed
}

// valueOf is what a rule gave, or added to a set; a compiled head names it by a variable.
func valueOf(head *ast.Head, event topdown.Event) string {
	given := head.Value
	if head.RuleKind() == ast.MultiValue {
		given = head.Key
	}
	if given == nil {
		return ""
	}
	value := given.Value
	if event.Locals != nil {
		if bound := event.Locals.Get(value); bound != nil {
			value = bound
		}
	}
	plain, err := ast.JSON(value)
	if err != nil {
		return ""
	}
	return shortJSON(plain)
}

func within(part, whole *ast.Location) bool {
	return part != nil && part.File == whole.File && part.Offset >= whole.Offset &&
		part.Offset+len(part.Text) <= whole.Offset+len(whole.Text)
}

// look notes what a reference of a condition leads to: a value of input or of the data, or rules.
func (o *onlooker) look(failed *condition, ref ast.Ref) {
	if ref.HasPrefix(ast.InputRootRef) {
		path := fixedPrefix(ref)
		// What is not there is shown as null.
		value, there := valueAt(o.input, path)
		if !there {
			value = nil
		}
		failed.see(strings.Join(append([]string{"input"}, path...), "."), value)
	}
	if !ref.HasPrefix(ast.DefaultRootRef) {
		return
	}
	path := fixedPrefix(ref)
	if value, ok := valueAt(o.data, path); ok && len(path) > 0 {
		failed.see(strings.Join(append([]string{"data"}, path...), "."), value)
		return
	}
	for _, used := range o.compiler.GetRules(ref) {
		name := dotted(used.Module.Package.Path) + "." + used.Head.Ref().GroundPrefix().String()
		if !slices.Contains(failed.Uses, name) {
			failed.Uses = append(failed.Uses, name)
		}
	}
}

// valueCharsMax: a longer value is cut, and then no JSON text any more.
const valueCharsMax = 400

func (c *condition) see(name string, value any) {
	if slices.ContainsFunc(c.Values, func(seen seenValue) bool { return seen.Name == name }) {
		return
	}
	c.Values = append(c.Values, seenValue{name, shortJSON(value)})
}

func shortJSON(value any) string {
	text, err := json.Marshal(value)
	if err != nil {
		return ""
	}
	shown := []rune(string(text))
	if len(shown) > valueCharsMax {
		shown = append(shown[:valueCharsMax], '…')
	}
	return string(shown)
}

func valueAt(value any, path []string) (any, bool) {
	for _, name := range path {
		object, ok := value.(map[string]any)
		if !ok {
			return nil, false
		}
		if value, ok = object[name]; !ok {
			return nil, false
		}
	}
	return value, true
}

// mentions looks for a whole word.
func mentions(text, name string) bool {
	isPart := func(r rune) bool {
		return r == '_' || r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z'
	}
	return slices.Contains(strings.FieldsFunc(text, func(r rune) bool { return !isPart(r) }), name)
}

// dotted is a package without the root: `sluice.rules.reporting`.
func dotted(path ast.Ref) string {
	names := []string{}
	for _, term := range path[1:] {
		if name, ok := term.Value.(ast.String); ok {
			names = append(names, string(name))
		}
	}
	return strings.Join(names, ".")
}
