package main

import (
	"cmp"
	"context"
	"slices"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/rego"
	"github.com/open-policy-agent/opa/v1/storage/inmem"
)

// explanation is the verdict on one input, and what each rule came to.
type explanation struct {
	evaluation
	Rules []ruleTrace `json:"rules"`
}

// ruleTrace is one body of one rule, `else` included.
type ruleTrace struct {
	File    string `json:"file"`
	Row     int    `json:"row"`
	Package string `json:"package"`
	Name    string `json:"name"`
	// ID is the constant field `rule` of what a rule adds to a set, by which verdicts name it.
	ID string `json:"id"`
	// Held says that its conditions were met, at least once; Tried, how often they were looked at.
	Held  bool `json:"held"`
	Tried int  `json:"tried"`
	// Value that it gave or added last, as JSON text; none when it did not hold.
	Value string `json:"value"`
	// Failed is the condition beyond which it never came; none when it held or was not tried.
	Failed *condition `json:"failed"`
}

type condition struct {
	Row  int    `json:"row"`
	Text string `json:"text"`
	// Values of what the condition looks at: of input, of data and of its own variables, as JSON text.
	Values []seenValue `json:"values"`
	// Uses are the rules that it looks at, as package.name.
	Uses []string `json:"uses"`
}

type seenValue struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// everyRule is all that authors write: where there is a denial, the decision itself would not ask for what allows.
const everyRule = "data.sluice.rules"

// explain gives the verdict of OPA's own interpreter, and looks on while that evaluates every rule: without index and
// early exits, so that each condition is really looked at.
func explain(ctx context.Context, req *request, res *response) error {
	files := withoutTests(req.Files)
	modules, err := parsed(req, files)
	if err != nil {
		return err
	}
	compiler, err := checked(req, files)
	if err != nil {
		return err
	}
	for _, input := range req.Inputs {
		document, err := ast.InterfaceToValue(input)
		if err != nil {
			return err
		}
		ask := func(query string, options ...rego.EvalOption) (evaluation, error) {
			prepared, err := rego.New(rego.Query(query), rego.Compiler(compiler),
				rego.Store(inmem.NewFromObject(documents(req.Data)))).PrepareForEval(ctx)
			if err != nil {
				return evaluation{}, err
			}
			return one(prepared.Eval(ctx, append(options, rego.EvalParsedInput(document))...)), nil
		}
		verdict, err := ask(req.query())
		if err != nil {
			return err
		}
		looking := newOnlooker(compiler, input, documents(req.Data))
		if _, err := ask(everyRule, rego.EvalQueryTracer(looking), rego.EvalRuleIndexing(false),
			rego.EvalEarlyExit(false)); err != nil {
			return err
		}
		res.Explanations = append(res.Explanations,
			explanation{evaluation: verdict, Rules: looking.rules(constantIDs(modules))})
	}
	return nil
}

type place struct {
	file string
	row  int
}

// constantIDs are the ids in the source: a compiled rule has a variable in their place.
func constantIDs(modules map[string]*ast.Module) map[place]string {
	ids := map[place]string{}
	for _, module := range modules {
		for _, rule := range module.Rules {
			if rule.Head.Key == nil {
				continue
			}
			object, ok := rule.Head.Key.Value.(ast.Object)
			if !ok {
				continue
			}
			if field := object.Get(ast.StringTerm("rule")); field != nil {
				if id, ok := field.Value.(ast.String); ok {
					ids[place{rule.Location.File, rule.Location.Row}] = string(id)
				}
			}
		}
	}
	return ids
}

// rules in the order of their files, those that nobody asked included.
func (o *onlooker) rules(ids map[place]string) []ruleTrace {
	traces := []ruleTrace{}
	for _, module := range o.compiler.Modules {
		for _, first := range module.Rules {
			for rule := first; rule != nil; rule = rule.Else {
				if rule.Default {
					continue
				}
				trace := o.of(rule).ruleTrace
				trace.File, trace.Row = rule.Location.File, rule.Location.Row
				trace.Package = dotted(module.Package.Path)
				trace.Name = first.Head.Ref().GroundPrefix().String()
				trace.ID = ids[place{trace.File, trace.Row}]
				if trace.Held {
					trace.Failed = nil
				}
				traces = append(traces, trace)
			}
		}
	}
	slices.SortFunc(traces, func(a, b ruleTrace) int {
		return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Row, b.Row))
	})
	return traces
}
