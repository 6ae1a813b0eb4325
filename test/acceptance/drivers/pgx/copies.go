package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/jackc/pgx/v5"
)

func copies() {
	on("copy in, binary", func(ctx context.Context, conn *pgx.Conn) (any, error) {
		source := pgx.CopyFromSlice(500, func(n int) ([]any, error) { return []any{fmt.Sprintf("binary-%d", n), n}, nil })
		count, err := conn.CopyFrom(ctx, pgx.Identifier{"jobs"}, []string{"label", "amount"}, source)
		if err != nil {
			return nil, err
		}
		found := []any{count, one(ctx, conn, "SELECT sum(amount)::text FROM jobs WHERE label LIKE 'binary-%'")}
		types, err := conn.Query(ctx, "SELECT id + 100, words, bytes, docb, ints, stamp, key FROM all_types ORDER BY id")
		if err != nil {
			return nil, err
		}
		all, err := pgx.CollectRows(types, func(row pgx.CollectableRow) ([]any, error) { return row.Values() })
		if err != nil {
			return nil, err
		}
		columns := []string{"id", "words", "bytes", "docb", "ints", "stamp", "key"}
		count, err = conn.CopyFrom(ctx, pgx.Identifier{"all_types"}, columns, pgx.CopyFromRows(all))
		found = append(found, count, told(err), outcome(asked(ctx, conn, "SELECT * FROM all_types WHERE id >= 100 ORDER BY id")))
		_, err = conn.Exec(ctx, "DELETE FROM all_types WHERE id >= 100")
		return found, err
	})
	on("copies that fail", func(ctx context.Context, conn *pgx.Conn) (any, error) {
		columns := []string{"label", "amount"}
		twice := pgx.CopyFromRows([][]any{{"good", 1}, {"first", 2}})
		_, err := conn.CopyFrom(ctx, pgx.Identifier{"jobs"}, columns, twice)
		found := []any{told(err)}
		stopped := pgx.CopyFromFunc(func() ([]any, error) { return nil, errors.New("the client changed its mind") })
		_, err = conn.CopyFrom(ctx, pgx.Identifier{"jobs"}, columns, stopped)
		found = append(found, told(err))
		_, err = conn.CopyFrom(ctx, pgx.Identifier{"nowhere"}, columns, twice)
		found = append(found, told(err))
		_, err = conn.PgConn().CopyFrom(ctx, strings.NewReader("good\t1\nbad\tno number\n"), "COPY jobs (label, amount) FROM STDIN")
		found = append(found, told(err))
		_, err = conn.PgConn().CopyTo(ctx, io.Discard, "COPY forbidden TO STDOUT")
		return append(found, told(err), one(ctx, conn, "SELECT count(*) FROM jobs WHERE label = 'good'")), nil
	})
	on("copies of text", func(ctx context.Context, conn *pgx.Conn) (any, error) {
		found := []any{}
		for _, form := range []string{"", " (FORMAT csv, HEADER)", " (FORMAT binary)"} {
			out := &bytes.Buffer{}
			tag, err := conn.PgConn().CopyTo(ctx, out, "COPY (SELECT * FROM all_types ORDER BY id) TO STDOUT"+form)
			found = append(found, tag.String(), digest(out.Bytes()), told(err))
		}
		tag, err := conn.PgConn().CopyFrom(ctx, strings.NewReader("\"csv, one\"\n\"csv two\"\n"), "COPY jobs (label) FROM STDIN (FORMAT csv)")
		return append(found, tag.String(), told(err)), nil
	})
}
