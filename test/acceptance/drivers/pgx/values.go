package main

import (
	"context"
	"fmt"
	"math/big"
	"net/netip"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"
)

const allTypes = "SELECT * FROM all_types WHERE id >= $1 ORDER BY id"

var modes = []pgx.QueryExecMode{
	pgx.QueryExecModeCacheStatement,
	pgx.QueryExecModeCacheDescribe,
	pgx.QueryExecModeDescribeExec,
	pgx.QueryExecModeExec,
	pgx.QueryExecModeSimpleProtocol,
}

// values: types, formats, parameters and statements in each of pgx's ways to ask.
func values() {
	for _, mode := range modes {
		on("values, "+mode.String(), func(ctx context.Context, conn *pgx.Conn) (any, error) {
			found := []any{}
			// The second time the statement, or its description, is known.
			for range 2 {
				seen, err := asked(ctx, conn, allTypes, mode, 0)
				if err != nil {
					return nil, err
				}
				found = append(found, seen)
			}
			return found, nil
		})
		on("parameters, "+mode.String(), func(ctx context.Context, conn *pgx.Conn) (any, error) {
			return parameters(ctx, conn, mode)
		})
	}
	for _, format := range []int16{pgx.TextFormatCode, pgx.BinaryFormatCode} {
		on(fmt.Sprintf("every column in format %d", format), func(ctx context.Context, conn *pgx.Conn) (any, error) {
			return asked(ctx, conn, allTypes, pgx.QueryResultFormats{format}, 0)
		})
	}
	on("decoded values", func(ctx context.Context, conn *pgx.Conn) (any, error) {
		for _, name := range []string{"mood", "_mood", "place", "address"} {
			known, err := conn.LoadType(ctx, name)
			if err != nil {
				return nil, err
			}
			conn.TypeMap().RegisterType(known)
		}
		rows, err := conn.Query(ctx, allTypes, 0)
		if err != nil {
			return nil, err
		}
		all, err := pgx.CollectRows(rows, pgx.RowToMap)
		found := []any{}
		for _, row := range all {
			found = append(found, fmt.Sprintf("%v", row))
		}
		return found, err
	})
	on("types of one's own", func(ctx context.Context, conn *pgx.Conn) (any, error) {
		known, err := conn.LoadTypes(ctx, []string{"mood", "place"})
		if err != nil {
			return nil, err
		}
		conn.TypeMap().RegisterTypes(known)
		found := []any{}
		for _, sql := range []string{"SELECT $1::mood", "SELECT id FROM all_types WHERE feeling = $1"} {
			seen, err := asked(ctx, conn, sql, "ok")
			found = append(found, outcome(seen, err))
		}
		return found, nil
	})
	on("a prepared statement", func(ctx context.Context, conn *pgx.Conn) (any, error) {
		statement, err := conn.Prepare(ctx, "by id", "SELECT id, words, moods FROM all_types WHERE id = $1 AND feeling <> $2")
		if err != nil {
			return nil, err
		}
		found := []any{statement.ParamOIDs, len(statement.Fields)}
		for _, id := range []int{0, 1, 2, 1} {
			seen, err := asked(ctx, conn, "by id", id, "ok")
			if err != nil {
				return nil, err
			}
			found = append(found, seen)
		}
		if err := conn.Deallocate(ctx, "by id"); err != nil {
			return nil, err
		}
		_, err = conn.Exec(ctx, "EXECUTE \"by id\" (1, 'ok')")
		found = append(found, told(err))
		_, err = conn.Prepare(ctx, "bad", "SELECT * FROM nowhere")
		return append(found, told(err), conn.DeallocateAll(ctx)), nil
	})
	add("more statements than the cache holds", func(ctx context.Context) (any, error) {
		conn, err := connect(ctx, func(config *pgx.ConnConfig) { config.StatementCacheCapacity = 4 })
		if err != nil {
			return nil, err
		}
		defer conn.Close(ctx)
		found := []any{}
		for n := range 24 {
			found = append(found, one(ctx, conn, fmt.Sprintf("SELECT %d + $1::int", n%12), n))
		}
		return found, nil
	})
	on("a statement whose table changes", func(ctx context.Context, conn *pgx.Conn) (any, error) {
		found := []any{}
		for _, sql := range []string{"CREATE TEMP TABLE changing (a int)", "INSERT INTO changing VALUES (1)"} {
			if _, err := conn.Exec(ctx, sql); err != nil {
				return nil, err
			}
		}
		for _, change := range []string{"", "ALTER TABLE changing ADD b int", "ALTER TABLE changing ALTER b TYPE text"} {
			if _, err := conn.Exec(ctx, change); err != nil {
				return nil, err
			}
			for range 3 {
				rows, err := conn.Query(ctx, "SELECT * FROM changing")
				if err != nil {
					return nil, err
				}
				all, err := pgx.CollectRows(rows, pgx.RowToMap)
				found = append(found, fmt.Sprint(all), told(err))
			}
		}
		return found, nil
	})
	on("large values", func(ctx context.Context, conn *pgx.Conn) (any, error) {
		text := strings.Repeat("0123456789abcdef", 65_536)
		found := []any{
			one(ctx, conn, "SELECT length($1::text) || md5($1::text)", text),
			one(ctx, conn, "SELECT length($1::bytea) || md5($1::bytea)", []byte(text)),
		}
		rows, err := conn.Query(ctx, "SELECT n, repeat(md5(n::text), 32) FROM generate_series(1, 10000) n")
		if err != nil {
			return nil, err
		}
		all := []byte{}
		for rows.Next() {
			for _, value := range rows.RawValues() {
				all = append(all, value...)
			}
		}
		return append(found, digest(all)), rows.Err()
	})
}

func parameters(ctx context.Context, conn *pgx.Conn, mode pgx.QueryExecMode) (any, error) {
	sql := `SELECT $1::int2, $2::int4, $3::int8, $4::float8, $5::numeric, $6::bool, $7::text, $8::bytea, $9::uuid,
		$10::date, $11::timestamptz, $12::interval, $13::jsonb, $14::int[], $15::text[], $16::inet, $17::int4range, $18::text`
	return asked(ctx, conn, sql, mode,
		int16(-7), int32(7), int64(-1<<40), 1.5, pgtype.Numeric{Int: big.NewInt(123456789000001), Exp: -6, Valid: true},
		true, "it's \\ ✓", []byte{0, 255, 1},
		pgtype.UUID{Bytes: [16]byte{0x12, 0x34, 0x56, 0x78, 0x12, 0x34, 0x56, 0x78, 0x12, 0x34, 0x56, 0x78, 0x12, 0x34, 0x56, 0x78}, Valid: true},
		pgtype.Date{Time: time.Date(2024, 2, 29, 0, 0, 0, 0, time.UTC), Valid: true},
		time.Date(2024, 2, 29, 12, 30, 45, 123456000, time.UTC),
		pgtype.Interval{Days: 3, Microseconds: 4_000_005, Valid: true},
		`{"a": [1]}`, []int32{1, -3}, []string{"a", `b"c`, ""}, netip.MustParsePrefix("10.1.2.0/24"),
		pgtype.Range[pgtype.Int4]{
			Lower: pgtype.Int4{Int32: 1, Valid: true}, LowerType: pgtype.Inclusive,
			Upper: pgtype.Int4{Int32: 10, Valid: true}, UpperType: pgtype.Exclusive, Valid: true,
		},
		nil)
}
