package main

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgconn/ctxwatch"
	"github.com/jackc/pgx/v5/pgxpool"
)

// sessions: what lives longer than a statement.
func sessions() {
	add("a pool", pool)
	on("transactions", transactions)
	on("kinds of transactions", func(ctx context.Context, conn *pgx.Conn) (any, error) {
		options := pgx.TxOptions{IsoLevel: pgx.Serializable, AccessMode: pgx.ReadOnly, DeferrableMode: pgx.Deferrable}
		transaction, err := conn.BeginTx(ctx, options)
		if err != nil {
			return nil, err
		}
		found := []any{}
		for _, name := range []string{"isolation", "read_only", "deferrable"} {
			found = append(found, one(ctx, conn, "SHOW transaction_"+name))
		}
		_, err = conn.Exec(ctx, "INSERT INTO jobs (label) VALUES ('no')")
		return append(found, told(err), told(transaction.Rollback(ctx)), status(conn)), nil
	})
	on("two phases", func(ctx context.Context, conn *pgx.Conn) (any, error) {
		for _, sql := range []string{
			"BEGIN", "INSERT INTO jobs (label) VALUES ('in two phases')", "PREPARE TRANSACTION 'pgx'", "COMMIT PREPARED 'pgx'",
		} {
			if _, err := conn.Exec(ctx, sql); err != nil {
				return told(err), nil
			}
		}
		tag, err := conn.Exec(ctx, "DELETE FROM jobs WHERE label = 'in two phases'")
		return tag.String(), err
	})
	on("large objects", func(ctx context.Context, conn *pgx.Conn) (any, error) {
		transaction, err := conn.Begin(ctx)
		if err != nil {
			return nil, err
		}
		defer transaction.Rollback(ctx)
		objects := transaction.LargeObjects()
		oid, err := objects.Create(ctx, 0)
		if err != nil {
			return told(err), nil
		}
		large, err := objects.Open(ctx, oid, pgx.LargeObjectModeWrite)
		if err != nil {
			return told(err), nil
		}
		count, err := large.Write([]byte("large"))
		return count, err
	})
	on("cursors in SQL", func(ctx context.Context, conn *pgx.Conn) (any, error) {
		transaction, err := conn.Begin(ctx)
		if err != nil {
			return nil, err
		}
		_, err = conn.Exec(ctx, "DECLARE held SCROLL CURSOR WITH HOLD FOR SELECT id, words FROM all_types ORDER BY id")
		found := []any{told(err)}
		for _, direction := range []string{"NEXT", "FORWARD 2", "BACKWARD 1", "LAST"} {
			found = append(found, outcome(asked(ctx, conn, "FETCH "+direction+" FROM held")))
		}
		found = append(found, told(transaction.Commit(ctx)), outcome(asked(ctx, conn, "FETCH ABSOLUTE 2 FROM held")))
		_, err = conn.Exec(ctx, "CLOSE held")
		return append(found, told(err), outcome(asked(ctx, conn, "FETCH NEXT FROM held"))), nil
	})
	on("rows that are left early", func(ctx context.Context, conn *pgx.Conn) (any, error) {
		rows, err := conn.Query(ctx, "SELECT n FROM generate_series(1, $1::int) n", 1000)
		if err != nil {
			return nil, err
		}
		found := []any{}
		for range 3 {
			rows.Next()
			found = append(found, plain(rows.RawValues()[0]))
		}
		rows.Close()
		return append(found, told(rows.Err()), rows.CommandTag().String(), one(ctx, conn, "SELECT 'alive'")), nil
	})
	add("cancel", cancel)
	add("timeouts of the server", func(ctx context.Context) (any, error) {
		conn, err := connect(ctx, func(config *pgx.ConnConfig) { config.RuntimeParams["statement_timeout"] = "200" })
		if err != nil {
			return nil, err
		}
		defer conn.Close(ctx)
		found := []any{one(ctx, conn, "SELECT pg_sleep($1)", 30)}
		_, err = conn.PgConn().Exec(ctx, "SELECT pg_sleep(30)").ReadAll()
		return append(found, told(err), one(ctx, conn, "SHOW statement_timeout")), nil
	})
	on("notifications", notifications)
	add("notices", func(ctx context.Context) (any, error) {
		found := []any{}
		conn, err := connect(ctx, func(config *pgx.ConnConfig) {
			config.OnNotice = func(_ *pgconn.PgConn, notice *pgconn.Notice) {
				found = append(found, told((*pgconn.PgError)(notice)))
			}
		})
		if err != nil {
			return nil, err
		}
		defer conn.Close(ctx)
		for _, sql := range []string{"COMMIT", "BEGIN; BEGIN; ROLLBACK"} {
			if _, err := conn.Exec(ctx, sql); err != nil {
				return nil, err
			}
		}
		_, err = conn.Exec(ctx, "INSERT INTO noisy (label) VALUES ($1)", "pgx")
		return found, err
	})
	add("what the server reports", func(ctx context.Context) (any, error) {
		conn, err := connect(ctx, func(config *pgx.ConnConfig) {
			config.RuntimeParams["application_name"] = "given"
			config.RuntimeParams["options"] = "-c DateStyle=German,DMY"
		})
		if err != nil {
			return nil, err
		}
		defer conn.Close(ctx)
		found := []any{}
		for _, sql := range []string{"", "SET TIME ZONE 'Asia/Kathmandu'", "SET application_name = 'renamed'"} {
			if _, err := conn.Exec(ctx, sql); err != nil {
				return nil, err
			}
			for _, name := range []string{"server_version", "client_encoding", "application_name", "DateStyle", "TimeZone", "session_authorization"} {
				found = append(found, conn.PgConn().ParameterStatus(name))
			}
		}
		return found, nil
	})
	on("errors", func(ctx context.Context, conn *pgx.Conn) (any, error) {
		found := []any{}
		for _, mode := range modes {
			for _, query := range failing {
				found = append(found, one(ctx, conn, query[0].(string), append([]any{mode}, query[1:]...)...))
				found = append(found, one(ctx, conn, "SELECT 'alive'"))
			}
		}
		return found, nil
	})
	on("several statements in one text", func(ctx context.Context, conn *pgx.Conn) (any, error) {
		found := []any{}
		for _, sql := range []string{
			"SELECT 1 AS a; INSERT INTO jobs (label) VALUES ('several'); SELECT 'x' AS b; ;",
			"INSERT INTO jobs (label) VALUES ('lost'); SELECT 1/0; SELECT 2",
			"",
		} {
			results, err := conn.PgConn().Exec(ctx, sql).ReadAll()
			for _, result := range results {
				rows := []any{}
				for _, row := range result.Rows {
					for _, value := range row {
						rows = append(rows, plain(value))
					}
				}
				found = append(found, []any{rows, result.CommandTag.String(), told(result.Err)})
			}
			found = append(found, told(err))
		}
		return append(found, one(ctx, conn, "SELECT count(*) FROM jobs WHERE label IN ('several', 'lost')")), nil
	})
}

var failing = [][]any{
	{"SELECT 1/0"},
	{"SELECT 1/$1::int", 0},
	{"SELEC 1"},
	{"SELEC $1", "x"},
	{"SELECT * FROM nowhere"},
	{"SELECT nothing FROM jobs"},
	{"INSERT INTO jobs (label) VALUES ($1) RETURNING id", "first"},
	{"INSERT INTO jobs (label) VALUES ($1) RETURNING id", ""},
	{"INSERT INTO jobs (label, parent) VALUES ($1, 999999999) RETURNING id", "orphan"},
	{"SELECT $1::text::int", "abc"},
	{"SELECT * FROM forbidden"},
}

func pool(ctx context.Context) (any, error) {
	config, err := pgxpool.ParseConfig("")
	if err != nil {
		return nil, err
	}
	config.MaxConns = 3
	pool, err := pgxpool.NewWithConfig(ctx, config)
	if err != nil {
		return nil, err
	}
	defer pool.Close()
	found := make([]any, 18)
	var all sync.WaitGroup
	for n := range found {
		all.Go(func() {
			var value int
			err := pool.QueryRow(ctx, "SELECT $1::int", n).Scan(&value)
			found[n] = outcome(value, err)
		})
	}
	all.Wait()
	found = append(found, told(pgx.BeginFunc(ctx, pool, func(transaction pgx.Tx) error {
		_, err := transaction.Exec(ctx, "SELECT 1/0")
		return err
	})))
	conn, err := pool.Acquire(ctx)
	if err != nil {
		return nil, err
	}
	_, err = conn.Exec(ctx, "BEGIN; INSERT INTO jobs (label) VALUES ('left open')")
	// The pool throws away a connection whose transaction is open.
	conn.Release()
	found = append(found, told(err), told(pool.Ping(ctx)), pool.Stat().MaxConns())
	return append(found, outcome(asked(ctx, pool, "SELECT count(*) FROM jobs WHERE label = 'left open'"))), nil
}

func transactions(ctx context.Context, conn *pgx.Conn) (any, error) {
	outer, err := conn.Begin(ctx)
	if err != nil {
		return nil, err
	}
	_, err = outer.Exec(ctx, "INSERT INTO jobs (label) VALUES ('outer')")
	found := []any{told(err), status(conn)}
	inner, err := outer.Begin(ctx)
	if err != nil {
		return nil, err
	}
	_, err = inner.Exec(ctx, "INSERT INTO jobs (label) VALUES ('inner')")
	found = append(found, told(err))
	_, err = inner.Exec(ctx, "SELECT 1/0")
	found = append(found, told(err), status(conn))
	_, err = inner.Exec(ctx, "SELECT 1")
	found = append(found, told(err), told(inner.Rollback(ctx)), status(conn), told(outer.Commit(ctx)), status(conn))
	broken, err := conn.Begin(ctx)
	if err != nil {
		return nil, err
	}
	_, err = broken.Exec(ctx, "INSERT INTO jobs (label) VALUES ('first')")
	// A commit of a failed transaction is a rollback, which pgx tells.
	found = append(found, told(err), told(broken.Commit(ctx)), status(conn))
	return append(found, outcome(asked(ctx, conn, "SELECT label FROM jobs WHERE label IN ('outer', 'inner')"))), nil
}

func cancel(ctx context.Context) (any, error) {
	conn, err := connect(ctx, func(config *pgx.ConnConfig) {
		config.BuildContextWatcherHandler = func(conn *pgconn.PgConn) ctxwatch.Handler {
			return &pgconn.CancelRequestContextWatcherHandler{Conn: conn, DeadlineDelay: 20 * time.Second}
		}
	})
	if err != nil {
		return nil, err
	}
	defer conn.Close(ctx)
	found := []any{}
	for _, sql := range []string{"SELECT pg_sleep($1)", "BEGIN", "SELECT pg_sleep($1)", "ROLLBACK"} {
		if sql != "SELECT pg_sleep($1)" {
			_, err := conn.Exec(ctx, sql)
			found = append(found, told(err))
			continue
		}
		limited, stop := context.WithTimeout(ctx, 300*time.Millisecond)
		_, err := conn.Exec(limited, sql, 30)
		stop()
		found = append(found, told(err), conn.IsClosed(), status(conn), one(ctx, conn, "SELECT 'alive'"))
	}
	time.AfterFunc(300*time.Millisecond, func() { _ = conn.PgConn().CancelRequest(ctx) })
	return append(found, one(ctx, conn, "SELECT pg_sleep(30)"), one(ctx, conn, "SELECT 'alive'")), nil
}

func notifications(ctx context.Context, conn *pgx.Conn) (any, error) {
	other, err := connect(ctx, nil)
	if err != nil {
		return nil, err
	}
	defer other.Close(ctx)
	steps := []struct {
		conn *pgx.Conn
		sql  string
		args []any
	}{
		{conn, "LISTEN news", nil},
		{conn, `LISTEN "Other News"`, nil},
		{other, "NOTIFY news, 'from another'", nil},
		{other, "SELECT pg_notify($1, $2)", []any{"Other News", "by a function ✓"}},
		{conn, "NOTIFY news", nil},
	}
	for _, step := range steps {
		if _, err := step.conn.Exec(ctx, step.sql, step.args...); err != nil {
			return nil, err
		}
	}
	found := []any{}
	for range 3 {
		note, err := conn.WaitForNotification(ctx)
		if err != nil {
			return nil, err
		}
		found = append(found, fmt.Sprint(note.Channel, " ", note.Payload), note.PID == conn.PgConn().PID())
	}
	if _, err := conn.Exec(ctx, "UNLISTEN *"); err != nil {
		return nil, err
	}
	if _, err := other.Exec(ctx, "NOTIFY news, 'to nobody'"); err != nil {
		return nil, err
	}
	limited, stop := context.WithTimeout(ctx, 200*time.Millisecond)
	defer stop()
	_, err = conn.WaitForNotification(limited)
	return append(found, err != nil, conn.IsClosed()), nil
}
