package main

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"github.com/open-policy-agent/opa/v1/cover"
	"github.com/open-policy-agent/opa/v1/storage"
	"github.com/open-policy-agent/opa/v1/storage/inmem"
	"github.com/open-policy-agent/opa/v1/tester"
)

type testResult struct {
	File    string `json:"file"`
	Row     int    `json:"row"`
	Package string `json:"package"`
	Name    string `json:"name"`
	// Outcome is passed, failed, errored or skipped.
	Outcome string `json:"outcome"`
	// Output is what the test printed, and why it errored.
	Output string `json:"output"`
}

type fileCoverage struct {
	File    string  `json:"file"`
	Percent float64 `json:"percent"`
	// Covered and Missed rows, each from and to, both included; the others hold nothing that is evaluated.
	Covered [][2]int `json:"covered"`
	Missed  [][2]int `json:"missed"`
}

// test checks everything, as its runner compiles it, and runs every rule named test_…. A failed built-in is an error
// here, though it is only undefined in production.
func test(ctx context.Context, req *request, res *response) error {
	modules, err := parsed(req, req.Files)
	if err != nil {
		return err
	}
	if found := conventions(modules, req.Library); len(found) > 0 {
		found.Sort()
		return found
	}
	store := inmem.NewFromObject(documents(req.Data))
	transaction, err := store.NewTransaction(ctx, storage.WriteParams)
	if err != nil {
		return err
	}
	defer store.Abort(ctx, transaction)
	runner := tester.NewRunner().SetCompiler(newCompiler(req)).SetStore(store).SetModules(modules).
		CapturePrintOutput(true).RaiseBuiltinErrors(true).Filter(req.Filter).SetParallel(1)
	coverage := cover.New()
	if req.Coverage {
		runner = runner.SetCoverageQueryTracer(coverage)
	}
	results, err := runner.RunTests(ctx, transaction)
	if err != nil {
		return err
	}
	for result := range results {
		if result != nil {
			res.Tests = append(res.Tests, outcomeOf(result))
		}
	}
	slices.SortFunc(res.Tests, func(a, b testResult) int {
		return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Row, b.Row))
	})
	if req.Coverage {
		report := coverage.Report(modules)
		res.Coverage = coverageOf(&report)
	}
	return nil
}

func outcomeOf(result *tester.Result) testResult {
	outcome := testResult{
		Package: result.Package, Name: result.Name, Outcome: "failed", Output: string(result.Output),
	}
	if result.Location != nil {
		outcome.File, outcome.Row = result.Location.File, result.Location.Row
	}
	switch {
	case result.Skip:
		outcome.Outcome = "skipped"
	case result.Error != nil:
		outcome.Outcome = "errored"
		outcome.Output = strings.TrimLeft(outcome.Output+"\n"+result.Error.Error(), "\n")
	case result.Pass():
		outcome.Outcome = "passed"
	}
	return outcome
}

func coverageOf(report *cover.Report) []fileCoverage {
	covered := []fileCoverage{}
	for name, file := range report.Files {
		if isTest(name) {
			continue
		}
		covered = append(covered, fileCoverage{
			File: name, Percent: file.Coverage, Covered: rowsOf(file.Covered), Missed: rowsOf(file.NotCovered),
		})
	}
	slices.SortFunc(covered, func(a, b fileCoverage) int { return cmp.Compare(a.File, b.File) })
	return covered
}

func rowsOf(ranges []cover.Range) [][2]int {
	rows := [][2]int{}
	for _, each := range ranges {
		rows = append(rows, [2]int{each.Start.Row, each.End.Row})
	}
	return rows
}
