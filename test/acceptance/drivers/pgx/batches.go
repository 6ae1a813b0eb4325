package main

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// batches: many statements in one round trip, and what one failure in the middle does to the others.
func batches() {
	for _, mode := range modes {
		name := mode.String()
		change := func(config *pgx.ConnConfig) { config.DefaultQueryExecMode = mode }
		add("a batch, "+name, func(ctx context.Context) (any, error) {
			conn, err := connect(ctx, change)
			if err != nil {
				return nil, err
			}
			defer conn.Close(ctx)
			batch := &pgx.Batch{}
			for n := range 40 {
				batch.Queue("INSERT INTO jobs (label, amount) VALUES ($1, $2::int) RETURNING label", fmt.Sprintf("%s-%d", name, n), n)
			}
			batch.Queue("SELECT sum(amount)::text FROM jobs WHERE label LIKE $1", name+"-%")
			return answers(ctx, conn, batch)
		})
		add("a batch that fails, "+name, func(ctx context.Context) (any, error) {
			conn, err := connect(ctx, change)
			if err != nil {
				return nil, err
			}
			defer conn.Close(ctx)
			batch := &pgx.Batch{}
			for n := range 10 {
				batch.Queue("INSERT INTO jobs (label, amount) VALUES ($1, 1 / $2::int)", fmt.Sprintf("failing-%d", n), n-4)
			}
			found, err := answers(ctx, conn, batch)
			if err != nil {
				return nil, err
			}
			return []any{found, one(ctx, conn, "SELECT count(*) FROM jobs WHERE label LIKE 'failing-%'"), status(conn)}, nil
		})
	}
	on("a batch in a transaction", func(ctx context.Context, conn *pgx.Conn) (any, error) {
		transaction, err := conn.Begin(ctx)
		if err != nil {
			return nil, err
		}
		batch := &pgx.Batch{}
		batch.Queue("INSERT INTO jobs (label) VALUES ($1)", "in a transaction")
		batch.Queue("INSERT INTO jobs (label) VALUES ($1)", "first")
		batch.Queue("SELECT $1::int", 1)
		found, err := answers(ctx, conn, batch)
		if err != nil {
			return nil, err
		}
		seen := []any{found, status(conn), one(ctx, conn, "SELECT 1"), told(transaction.Commit(ctx)), status(conn)}
		return append(seen, one(ctx, conn, "SELECT count(*) FROM jobs WHERE label = 'in a transaction'")), nil
	})
	on("a batch that cannot be prepared", func(ctx context.Context, conn *pgx.Conn) (any, error) {
		batch := &pgx.Batch{}
		batch.Queue("INSERT INTO jobs (label) VALUES ('never prepared')")
		batch.Queue("SELECT * FROM nowhere WHERE a = $1", 1)
		found, err := answers(ctx, conn, batch)
		return []any{found, status(conn)}, err
	})
	on("a pipeline", func(ctx context.Context, conn *pgx.Conn) (any, error) {
		pipeline := conn.PgConn().StartPipeline(ctx)
		pipeline.SendPrepare("plus", "SELECT $1::int + 1", nil)
		pipeline.SendQueryPrepared("plus", [][]byte{[]byte("41")}, nil, nil)
		pipeline.SendPipelineSync()
		pipeline.SendQueryParams("SELECT 1/$1::int", [][]byte{[]byte("0")}, nil, nil, nil)
		pipeline.SendQueryPrepared("plus", [][]byte{[]byte("1")}, nil, nil)
		pipeline.SendPipelineSync()
		pipeline.SendQueryParams("SELEC", nil, nil, nil, nil)
		pipeline.SendPipelineSync()
		pipeline.SendQueryPrepared("plus", [][]byte{[]byte("5")}, nil, []int16{1})
		pipeline.SendFlushRequest()
		pipeline.SendDeallocate("plus")
		pipeline.SendPipelineSync()
		if err := pipeline.Flush(); err != nil {
			return nil, err
		}
		found := []any{}
		for {
			result, err := pipeline.GetResults()
			if result == nil && err == nil {
				break
			}
			found = append(found, ofPipeline(result, err))
		}
		return append(found, told(pipeline.Close()), one(ctx, conn, "SELECT 'alive'")), nil
	})
}

func ofPipeline(result any, err error) any {
	if err != nil {
		return told(err)
	}
	switch result := result.(type) {
	case *pgconn.ResultReader:
		read := result.Read()
		if read.Err != nil {
			return told(read.Err)
		}
		rows := []any{}
		for _, row := range read.Rows {
			for _, value := range row {
				rows = append(rows, plain(value))
			}
		}
		return []any{rows, read.CommandTag.String()}
	case *pgconn.StatementDescription:
		return []any{result.ParamOIDs, len(result.Fields)}
	default:
		return fmt.Sprintf("%T", result)
	}
}

// answers of a batch, one by one.
func answers(ctx context.Context, conn *pgx.Conn, batch *pgx.Batch) (any, error) {
	results := conn.SendBatch(ctx, batch)
	found := []any{}
	for range batch.Len() {
		rows, err := results.Query()
		if err != nil {
			found = append(found, told(err))
			continue
		}
		found = append(found, outcome(raw(rows)))
	}
	return append(found, told(results.Close())), nil
}
