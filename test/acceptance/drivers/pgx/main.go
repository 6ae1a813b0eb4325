// Command pgx-cases runs pgx and prints one JSON line for each case: what a client saw. A case that fails is
// reported and stops no other. The address is in the PG* variables.
package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

type run func(ctx context.Context) (any, error)

type namedCase struct {
	name string
	run  run
}

var cases []namedCase

const caseTimeout = 60 * time.Second

func add(name string, run run) {
	cases = append(cases, namedCase{name, run})
}

// on adds a case on a connection of its own.
func on(name string, work func(ctx context.Context, conn *pgx.Conn) (any, error)) {
	add(name, func(ctx context.Context) (any, error) {
		conn, err := connect(ctx, nil)
		if err != nil {
			return nil, err
		}
		defer conn.Close(ctx)
		return work(ctx, conn)
	})
}

func connect(ctx context.Context, change func(config *pgx.ConnConfig)) (*pgx.Conn, error) {
	config, err := pgx.ParseConfig("")
	if err != nil {
		return nil, err
	}
	if change != nil {
		change(config)
	}
	return pgx.ConnectConfig(ctx, config)
}

// report is one line of the output.
type report struct {
	Case   string `json:"case"`
	Seen   any    `json:"seen,omitempty"`
	Raised string `json:"raised,omitempty"`
}

func main() {
	values()
	batches()
	copies()
	sessions()
	wanted := os.Args[1:]
	lines := json.NewEncoder(os.Stdout)
	lines.SetEscapeHTML(false)
	for _, one := range cases {
		if len(wanted) > 0 && !slices.Contains(wanted, one.name) {
			continue
		}
		ctx, cancel := context.WithTimeout(context.Background(), caseTimeout)
		seen, err := one.run(ctx)
		cancel()
		line := report{Case: one.name, Seen: seen}
		if err != nil {
			line = report{Case: one.name, Raised: err.Error()}
		}
		if err := lines.Encode(line); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	}
}

// asked gives columns, rows as the bytes that arrived, and the tag.
func asked(ctx context.Context, conn querier, sql string, args ...any) (any, error) {
	rows, err := conn.Query(ctx, sql, args...)
	if err != nil {
		return nil, err
	}
	return raw(rows)
}

type querier interface {
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
}

func raw(rows pgx.Rows) (any, error) {
	defer rows.Close()
	found := []any{}
	for rows.Next() {
		row := []any{}
		for _, value := range rows.RawValues() {
			row = append(row, plain(value))
		}
		found = append(found, row)
	}
	if err := rows.Err(); err != nil {
		return nil, err
	}
	columns := []any{}
	for _, field := range rows.FieldDescriptions() {
		columns = append(columns, []any{
			field.Name, field.TableOID, field.TableAttributeNumber, field.DataTypeOID, field.DataTypeSize,
			field.TypeModifier, field.Format,
		})
	}
	return []any{columns, found, rows.CommandTag().String()}, nil
}

func plain(value []byte) any {
	if value == nil {
		return nil
	}
	return hex.EncodeToString(value)
}

func digest(data []byte) any {
	hash := sha256.Sum256(data)
	return []any{len(data), hex.EncodeToString(hash[:])}
}

// told gives every field of an error but the place in the server's source.
func told(err error) any {
	var said *pgconn.PgError
	if !errors.As(err, &said) {
		if err == nil {
			return nil
		}
		return err.Error()
	}
	return map[string]any{
		"severity": said.Severity, "sqlstate": said.Code, "message": said.Message, "detail": none(said.Detail),
		"hint": none(said.Hint), "position": place(said.Position), "where": none(said.Where),
		"schema": none(said.SchemaName), "table": none(said.TableName), "column": none(said.ColumnName),
		"datatype": none(said.DataTypeName), "constraint": none(said.ConstraintName),
	}
}

func none(text string) any {
	if text == "" {
		return nil
	}
	return text
}

func place(position int32) any {
	if position == 0 {
		return nil
	}
	return position
}

// outcome is what was asked for, or how it failed.
func outcome(seen any, err error) any {
	if err != nil {
		return told(err)
	}
	return seen
}

func one(ctx context.Context, conn *pgx.Conn, sql string, args ...any) any {
	var found any
	if err := conn.QueryRow(ctx, sql, args...).Scan(&found); err != nil {
		return told(err)
	}
	return fmt.Sprint(found)
}

// status of the transaction: I, T or E.
func status(conn *pgx.Conn) string {
	return string(conn.PgConn().TxStatus())
}
