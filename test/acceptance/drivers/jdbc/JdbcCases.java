import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.StringReader;
import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.sql.Array;
import java.sql.BatchUpdateException;
import java.sql.CallableStatement;
import java.sql.Connection;
import java.sql.DatabaseMetaData;
import java.sql.DriverManager;
import java.sql.ParameterMetaData;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.ResultSetMetaData;
import java.sql.SQLException;
import java.sql.SQLWarning;
import java.sql.Savepoint;
import java.sql.Statement;
import java.sql.Types;
import java.time.LocalDate;
import java.time.LocalTime;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.Set;
import java.util.TreeMap;
import java.util.UUID;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import javax.sql.XAConnection;
import javax.transaction.xa.XAException;
import javax.transaction.xa.XAResource;
import javax.transaction.xa.Xid;
import org.postgresql.PGConnection;
import org.postgresql.PGNotification;
import org.postgresql.copy.CopyIn;
import org.postgresql.largeobject.LargeObject;
import org.postgresql.largeobject.LargeObjectManager;
import org.postgresql.util.PGobject;
import org.postgresql.util.PSQLException;
import org.postgresql.util.ServerErrorMessage;
import org.postgresql.xa.PGXADataSource;

/** pgjdbc, one JSON line for each case: what a client saw. A case that throws is reported and stops no other. */
public class JdbcCases {
  interface Case {
    Object run() throws Exception;
  }

  interface Work {
    Object with(Connection conn) throws Exception;
  }

  static final Map<String, Case> cases = new LinkedHashMap<>();

  static String env(String name) {
    return System.getenv(name);
  }

  static Connection connect(String... settings) throws SQLException {
    Properties info = new Properties();
    info.setProperty("user", env("PGUSER"));
    info.setProperty("password", env("PGPASSWORD"));
    for (int i = 0; i < settings.length; i += 2) info.setProperty(settings[i], settings[i + 1]);
    return DriverManager.getConnection(url(), info);
  }

  static String url() {
    return "jdbc:postgresql://" + env("PGHOST") + ":" + env("PGPORT") + "/" + env("PGDATABASE");
  }

  /** A case on a connection of its own. */
  static void on(String name, Work work, String... settings) {
    cases.put(
        name,
        () -> {
          try (Connection conn = connect(settings)) {
            return work.with(conn);
          }
        });
  }

  static final String allTypes = "SELECT * FROM all_types ORDER BY id";

  /** Names, types and values as the driver gives them. */
  static List<Object> rows(ResultSet found) throws SQLException {
    ResultSetMetaData meta = found.getMetaData();
    List<Object> all = new ArrayList<>();
    List<Object> columns = new ArrayList<>();
    for (int i = 1; i <= meta.getColumnCount(); i++)
      columns.add(
          List.of(
              meta.getColumnLabel(i),
              meta.getColumnTypeName(i),
              meta.getColumnType(i),
              meta.getPrecision(i),
              meta.getScale(i)));
    all.add(columns);
    while (found.next()) {
      List<Object> row = new ArrayList<>();
      for (int i = 1; i <= meta.getColumnCount(); i++) row.add(value(found, i, meta.getColumnType(i)));
      all.add(row);
    }
    return all;
  }

  static String value(ResultSet found, int column, int type) throws SQLException {
    if (type != Types.BINARY) return found.getString(column);
    byte[] bytes = found.getBytes(column);
    return bytes == null ? null : hex(bytes);
  }

  static List<Object> asked(Connection conn, String sql, Object... values) throws SQLException {
    try (PreparedStatement statement = conn.prepareStatement(sql)) {
      for (int i = 0; i < values.length; i++) statement.setObject(i + 1, values[i]);
      if (!statement.execute()) return List.of(statement.getUpdateCount());
      return rows(statement.getResultSet());
    }
  }

  static String one(Connection conn, String sql) throws SQLException {
    try (Statement statement = conn.createStatement();
        ResultSet found = statement.executeQuery(sql)) {
      return found.next() ? found.getString(1) : null;
    }
  }

  static void run(Connection conn, String sql) throws SQLException {
    try (Statement statement = conn.createStatement()) {
      statement.execute(sql);
    }
  }

  /** Every field of an error but the place in the server's source. */
  static Object told(Throwable thrown) {
    if (thrown instanceof BatchUpdateException batch)
      return List.of("batch", batch.getUpdateCounts(), batch.getSQLState(), told(batch.getNextException()));
    if (!(thrown instanceof PSQLException error)) return String.valueOf(thrown);
    Map<String, Object> found = new LinkedHashMap<>();
    found.put("sqlstate", error.getSQLState());
    ServerErrorMessage said = error.getServerErrorMessage();
    if (said == null) {
      found.put("message", error.getMessage());
      return found;
    }
    found.put("severity", said.getSeverity());
    found.put("message", said.getMessage());
    found.put("detail", said.getDetail());
    found.put("hint", said.getHint());
    found.put("position", said.getPosition() == 0 ? null : said.getPosition());
    found.put("where", said.getWhere());
    found.put("schema", said.getSchema());
    found.put("table", said.getTable());
    found.put("column", said.getColumn());
    found.put("datatype", said.getDatatype());
    found.put("constraint", said.getConstraint());
    return found;
  }

  static Object failure(Callable<?> work) throws Exception {
    try {
      work.call();
    } catch (SQLException | XAException error) {
      return told(error);
    }
    throw new AssertionError("it did not fail");
  }

  static Object failing(Connection conn, String sql, Object... values) throws Exception {
    return failure(() -> asked(conn, sql, values));
  }

  static String digest(byte[] data) throws Exception {
    return data.length + " " + hex(MessageDigest.getInstance("SHA-256").digest(data));
  }

  static String hex(byte[] data) {
    StringBuilder text = new StringBuilder();
    for (byte one : data) text.append(String.format("%02x", one));
    return text.toString();
  }

  static Object labels(Connection conn, String like) throws SQLException {
    return asked(conn, "SELECT label FROM jobs WHERE label LIKE ? ORDER BY label", like);
  }

  static void values() {
    on("values, simple", conn -> asked(conn, allTypes), "preferQueryMode", "simple");
    on(
        "values, text",
        conn -> asked(conn, "SELECT * FROM all_types WHERE id >= ? ORDER BY id", 0),
        "binaryTransfer",
        "false");
    // Described first, so that every type that the driver reads in binary comes in binary.
    on(
        "values, binary",
        conn -> asked(conn, "SELECT * FROM all_types WHERE id >= ? ORDER BY id", 0),
        "prepareThreshold",
        "-1");
    on(
        "values as objects",
        conn -> {
          List<Object> found = new ArrayList<>();
          try (PreparedStatement statement = conn.prepareStatement(allTypes);
              ResultSet all = statement.executeQuery()) {
            while (all.next())
              for (int i = 1; i <= all.getMetaData().getColumnCount(); i++) found.add(object(all.getObject(i)));
          }
          return found;
        },
        "prepareThreshold",
        "-1");
    on("parameters, text", JdbcCases::parameters, "binaryTransfer", "false");
    on("parameters, binary", JdbcCases::parameters, "prepareThreshold", "-1");
    on("parameters, simple", JdbcCases::parameters, "preferQueryMode", "simple");
    on(
        "parameters of own types",
        conn -> {
          PGobject mood = new PGobject();
          mood.setType("mood");
          mood.setValue("very happy");
          List<Object> found = new ArrayList<>();
          found.add(asked(conn, "SELECT id FROM all_types WHERE feeling = ?", mood));
          found.add(asked(conn, "SELECT id FROM all_types WHERE feeling = ?::mood", "ok"));
          return found;
        });
  }

  static Object object(Object value) throws SQLException {
    if (value == null) return null;
    if (value instanceof byte[] bytes) return "bytes " + hex(bytes);
    if (value instanceof Array array) return array.getBaseTypeName() + " " + array;
    return value.getClass().getSimpleName() + " " + value;
  }

  static Object parameters(Connection conn) throws SQLException {
    String sql =
        "SELECT ?::int2, ?::int4, ?::int8, ?::float8, ?::numeric, ?::bool, ?::text, ?::bytea, ?::uuid, ?::date,"
            + " ?::time, ?::timestamptz, ?::jsonb, ?::int[], ?::text[], ?::text";
    try (PreparedStatement statement = conn.prepareStatement(sql)) {
      statement.setShort(1, (short) -7);
      statement.setInt(2, 7);
      statement.setLong(3, -(1L << 40));
      statement.setDouble(4, 1.5);
      statement.setBigDecimal(5, new BigDecimal("123456789.000001"));
      statement.setBoolean(6, true);
      statement.setString(7, "it's \\ ✓");
      statement.setBytes(8, new byte[] {0, -1, 1});
      statement.setObject(9, UUID.fromString("12345678-1234-5678-1234-567812345678"));
      statement.setObject(10, LocalDate.of(2024, 2, 29));
      statement.setObject(11, LocalTime.of(23, 59, 59));
      statement.setObject(12, OffsetDateTime.of(2024, 2, 29, 12, 30, 45, 123456000, ZoneOffset.UTC));
      statement.setObject(13, "{\"a\": [1]}", Types.OTHER);
      statement.setArray(14, conn.createArrayOf("int4", new Integer[] {1, null, -3}));
      statement.setArray(15, conn.createArrayOf("text", new String[] {"a", "b\"c", null}));
      statement.setNull(16, Types.VARCHAR);
      return rows(statement.executeQuery());
    }
  }

  static void prepared() {
    on(
        "prepared by the server from the third time on",
        conn -> {
          List<Object> found = new ArrayList<>();
          for (int round = 0; round < 2; round++)
            try (PreparedStatement statement =
                conn.prepareStatement("SELECT id, words FROM all_types WHERE id = ?")) {
              for (int id : new int[] {0, 1, 2, 3, 1, 0}) {
                statement.setInt(1, id);
                found.add(rows(statement.executeQuery()));
              }
            }
          return found;
        },
        "prepareThreshold",
        "3");
    on(
        "more statements than the cache holds",
        conn -> {
          List<Object> found = new ArrayList<>();
          for (int round = 0; round < 2; round++)
            for (int n = 0; n < 12; n++) found.add(asked(conn, "SELECT " + n + " + ?::int", n).get(1));
          return found;
        },
        "prepareThreshold",
        "1",
        "preparedStatementCacheQueries",
        "4");
    for (String mode : List.of("extendedForPrepared", "extendedCacheEverything"))
      on(
          "query mode " + mode,
          conn -> {
            List<Object> found = new ArrayList<>();
            for (int n = 0; n < 7; n++) {
              found.add(one(conn, "SELECT 'again'"));
              found.add(asked(conn, "SELECT ?::int * 2", n).get(1));
            }
            return found;
          },
          "preferQueryMode",
          mode,
          "prepareThreshold",
          "2");
    on(
        "a statement whose table changes",
        conn -> {
          run(conn, "CREATE TEMP TABLE changing (a int)");
          run(conn, "INSERT INTO changing VALUES (1)");
          List<Object> found = new ArrayList<>();
          try (PreparedStatement statement = conn.prepareStatement("SELECT * FROM changing")) {
            for (int n = 0; n < 3; n++) found.add(rows(statement.executeQuery()));
            run(conn, "ALTER TABLE changing ADD b int");
            found.add(rows(statement.executeQuery()));
            // The driver notices that its own ALTER TABLE in a transaction makes another plan necessary.
            conn.setAutoCommit(false);
            found.add(rows(statement.executeQuery()));
            run(conn, "ALTER TABLE changing ADD c int");
            found.add(rows(statement.executeQuery()));
            conn.rollback();
            found.add(failure(() -> rows(statement.executeQuery())));
            conn.rollback();
          }
          return found;
        },
        "prepareThreshold",
        "1");
    on(
        "what a statement wants and gives",
        conn -> {
          List<Object> found = new ArrayList<>();
          try (PreparedStatement statement =
              conn.prepareStatement("SELECT id, words AS text, moods FROM all_types WHERE feeling = ? AND id > ?")) {
            ParameterMetaData wants = statement.getParameterMetaData();
            for (int i = 1; i <= wants.getParameterCount(); i++)
              found.add(List.of(wants.getParameterTypeName(i), wants.getParameterType(i)));
            ResultSetMetaData gives = statement.getMetaData();
            for (int i = 1; i <= gives.getColumnCount(); i++)
              found.add(
                  List.of(
                      gives.getColumnName(i),
                      gives.getTableName(i),
                      gives.getColumnTypeName(i),
                      gives.isNullable(i),
                      gives.isAutoIncrement(i)));
          }
          return found;
        });
  }

  static void batches() {
    String insert = "INSERT INTO jobs (label, amount) VALUES (?, ?)";
    on("a batch", conn -> batch(conn, insert, "batch", 300));
    on("a batch that is rewritten", conn -> batch(conn, insert, "rewritten", 300), "reWriteBatchedInserts", "true");
    on(
        "a batch with its generated keys",
        conn -> {
          try (PreparedStatement statement =
              conn.prepareStatement("INSERT INTO jobs (label) VALUES (?)", new String[] {"label", "amount"})) {
            for (int n = 0; n < 40; n++) {
              statement.setString(1, "keyed-" + n);
              statement.addBatch();
            }
            return List.of(statement.executeBatch(), rows(statement.getGeneratedKeys()));
          }
        });
    on(
        "a batch that fails",
        conn -> {
          List<Object> found = new ArrayList<>();
          for (boolean auto : new boolean[] {true, false}) {
            conn.setAutoCommit(auto);
            try (PreparedStatement statement = conn.prepareStatement(insert)) {
              for (int n = 0; n < 10; n++) {
                statement.setString(1, n == 4 ? "first" : "failing-" + auto + n);
                statement.setInt(2, n);
                statement.addBatch();
              }
              found.add(failure(statement::executeBatch));
            }
            if (!auto) {
              found.add(failing(conn, "SELECT 1"));
              conn.rollback();
            }
            found.add(labels(conn, "failing-%"));
          }
          return found;
        });
    on(
        "a batch of statements",
        conn -> {
          try (Statement statement = conn.createStatement()) {
            statement.addBatch("INSERT INTO jobs (label) VALUES ('of statements')");
            statement.addBatch("UPDATE jobs SET amount = 5 WHERE label = 'of statements'");
            statement.addBatch("DELETE FROM jobs WHERE label = 'of statements'");
            List<Object> found = new ArrayList<>();
            found.add(statement.executeBatch());
            statement.addBatch("UPDATE jobs SET amount = 6 WHERE label = 'second'");
            statement.addBatch("SELECT 1/0");
            statement.addBatch("UPDATE jobs SET amount = 7 WHERE label = 'second'");
            found.add(failure(statement::executeBatch));
            found.add(asked(conn, "SELECT amount FROM jobs WHERE label = 'second'"));
            return found;
          }
        });
  }

  static Object batch(Connection conn, String insert, String prefix, int count) throws SQLException {
    try (PreparedStatement statement = conn.prepareStatement(insert)) {
      for (int n = 0; n < count; n++) {
        statement.setString(1, prefix + "-" + n);
        statement.setInt(2, n);
        statement.addBatch();
      }
      return List.of(
          statement.executeBatch(),
          asked(conn, "SELECT count(*), sum(amount) FROM jobs WHERE label LIKE ?", prefix + "-%"));
    }
  }

  static void cursors() {
    on(
        "a fetch size",
        conn -> {
          conn.setAutoCommit(false);
          try (PreparedStatement statement =
              conn.prepareStatement("SELECT n, md5(n::text) FROM generate_series(1, ?) n")) {
            statement.setInt(1, 35);
            statement.setFetchSize(10);
            List<Object> found = new ArrayList<>(rows(statement.executeQuery()));
            // A second one is open beside the first.
            ResultSet left = statement.executeQuery();
            left.next();
            found.add(left.getString(1));
            found.add(one(conn, "SELECT 'between'"));
            for (int n = 0; n < 15; n++) left.next();
            found.add(left.getString(1));
            left.close();
            conn.commit();
            return found;
          }
        });
    on(
        "a fetch size, binary",
        conn -> {
          conn.setAutoCommit(false);
          try (PreparedStatement statement = conn.prepareStatement(allTypes)) {
            statement.setFetchSize(1);
            return List.of(rows(statement.executeQuery()), rows(statement.executeQuery()));
          }
        },
        "prepareThreshold",
        "-1");
    on(
        "a cursor that fails under way",
        conn -> {
          conn.setAutoCommit(false);
          try (PreparedStatement statement = conn.prepareStatement("SELECT 10 / (7 - n) FROM generate_series(1, 9) n")) {
            statement.setFetchSize(3);
            ResultSet open = statement.executeQuery();
            List<Object> found = new ArrayList<>();
            for (int n = 0; n < 6; n++) {
              open.next();
              found.add(open.getInt(1));
            }
            found.add(failure(open::next));
            conn.rollback();
            return found;
          }
        });
    on(
        "a scrollable result",
        conn -> {
          try (Statement statement =
                  conn.createStatement(ResultSet.TYPE_SCROLL_INSENSITIVE, ResultSet.CONCUR_READ_ONLY);
              ResultSet all = statement.executeQuery("SELECT n FROM generate_series(1, 20) n")) {
            List<Object> found = new ArrayList<>();
            all.last();
            found.add(all.getInt(1));
            all.absolute(5);
            found.add(all.getInt(1));
            all.previous();
            found.add(all.getInt(1));
            return found;
          }
        });
    on(
        "an updatable result",
        conn -> {
          try (Statement statement = conn.createStatement(ResultSet.TYPE_FORWARD_ONLY, ResultSet.CONCUR_UPDATABLE)) {
            ResultSet all = statement.executeQuery("SELECT id, label, amount FROM jobs WHERE label = 'first'");
            all.next();
            all.updateBigDecimal("amount", new BigDecimal("77.00"));
            all.updateRow();
            all.moveToInsertRow();
            all.updateString("label", "inserted by a result");
            all.insertRow();
            all.close();
            List<Object> found = new ArrayList<>();
            found.add(labels(conn, "inserted by%"));
            all = statement.executeQuery("SELECT id, label FROM jobs WHERE label = 'inserted by a result'");
            all.next();
            all.deleteRow();
            all.close();
            found.add(labels(conn, "inserted by%"));
            found.add(asked(conn, "SELECT amount FROM jobs WHERE label = 'first'"));
            return found;
          }
        });
    on(
        "cursors in SQL",
        conn -> {
          conn.setAutoCommit(false);
          run(conn, "DECLARE held SCROLL CURSOR WITH HOLD FOR SELECT id, words FROM all_types ORDER BY id");
          List<Object> found = new ArrayList<>();
          for (String direction : List.of("NEXT", "FORWARD 2", "BACKWARD 1", "LAST"))
            found.add(asked(conn, "FETCH " + direction + " FROM held"));
          conn.commit();
          found.add(asked(conn, "FETCH ABSOLUTE 2 FROM held"));
          run(conn, "CLOSE held");
          found.add(failing(conn, "FETCH NEXT FROM held"));
          return found;
        });
  }

  static void copies() {
    on(
        "copy out",
        conn -> {
          List<Object> found = new ArrayList<>();
          for (String form : List.of("", " (FORMAT csv, HEADER)", " (FORMAT binary)")) {
            ByteArrayOutputStream out = new ByteArrayOutputStream();
            String query = "COPY (SELECT * FROM all_types ORDER BY id) TO STDOUT" + form;
            found.add(conn.unwrap(PGConnection.class).getCopyAPI().copyOut(query, out));
            found.add(digest(out.toByteArray()));
          }
          return found;
        });
    on(
        "copy in",
        conn -> {
          var copies = conn.unwrap(PGConnection.class).getCopyAPI();
          StringBuilder lines = new StringBuilder();
          for (int n = 0; n < 500; n++) lines.append("copied-").append(n).append('\t').append(n).append('\n');
          List<Object> found = new ArrayList<>();
          found.add(copies.copyIn("COPY jobs (label, amount) FROM STDIN", new StringReader(lines.toString())));
          byte[] csv = "\"csv, one\",1\n\"csv \"\"two\"\"\",2\n".getBytes(StandardCharsets.UTF_8);
          String intoCsv = "COPY jobs (label, amount) FROM STDIN (FORMAT csv)";
          found.add(copies.copyIn(intoCsv, new ByteArrayInputStream(csv)));
          ByteArrayOutputStream binary = new ByteArrayOutputStream();
          copies.copyOut("COPY (SELECT 'binary', 1.5::numeric(12,2)) TO STDOUT (FORMAT binary)", binary);
          String intoBinary = "COPY jobs (label, amount) FROM STDIN (FORMAT binary)";
          found.add(copies.copyIn(intoBinary, new ByteArrayInputStream(binary.toByteArray())));
          found.add(asked(conn, "SELECT count(*), sum(amount) FROM jobs WHERE label ~ '^(copied|csv|binary)'"));
          return found;
        });
    on(
        "copies that fail",
        conn -> {
          var copies = conn.unwrap(PGConnection.class).getCopyAPI();
          List<Object> found = new ArrayList<>();
          String into = "COPY jobs (label, amount) FROM STDIN";
          found.add(failure(() -> copies.copyIn(into, new StringReader("good\t1\nbad\tno number\n"))));
          found.add(failure(() -> copies.copyIn(into, new StringReader("first\t1\n"))));
          found.add(failure(() -> copies.copyOut("COPY forbidden TO STDOUT", new ByteArrayOutputStream())));
          CopyIn stopped = copies.copyIn("COPY jobs (label) FROM STDIN");
          byte[] half = "half\n".getBytes(StandardCharsets.UTF_8);
          stopped.writeToCopy(half, 0, half.length);
          stopped.cancelCopy();
          found.add(stopped.isActive());
          found.add(asked(conn, "SELECT count(*) FROM jobs WHERE label IN ('good', 'half')"));
          return found;
        });
  }

  static void cancels() {
    on(
        "cancel",
        conn -> {
          List<Object> found = new ArrayList<>();
          for (boolean prepared : new boolean[] {false, true})
            try (PreparedStatement waiting = conn.prepareStatement("SELECT pg_sleep(" + (prepared ? "?" : "30") + ")")) {
              if (prepared) waiting.setInt(1, 30);
              Thread canceller = later(300, waiting::cancel);
              found.add(failure(waiting::executeQuery));
              canceller.join();
              found.add(one(conn, "SELECT 'alive'"));
            }
          conn.setAutoCommit(false);
          try (Statement waiting = conn.createStatement()) {
            Thread canceller = later(300, waiting::cancel);
            found.add(failure(() -> waiting.executeQuery("SELECT pg_sleep(30)")));
            canceller.join();
          }
          found.add(failing(conn, "SELECT 1"));
          conn.rollback();
          return found;
        });
    on(
        "timeouts of driver and server",
        conn -> {
          List<Object> found = new ArrayList<>();
          try (Statement waiting = conn.createStatement()) {
            waiting.setQueryTimeout(1);
            found.add(failure(() -> waiting.executeQuery("SELECT pg_sleep(30)")));
          }
          run(conn, "SET statement_timeout = '200ms'");
          found.add(failing(conn, "SELECT pg_sleep(?)", 30));
          run(conn, "RESET statement_timeout");
          found.add(one(conn, "SELECT 'alive'"));
          return found;
        });
  }

  interface Step {
    void run() throws Exception;
  }

  static Thread later(long ms, Step step) {
    Thread thread =
        new Thread(
            () -> {
              try {
                Thread.sleep(ms);
                step.run();
              } catch (Exception error) {
                error.printStackTrace();
              }
            });
    thread.start();
    return thread;
  }

  static void messages() {
    on(
        "notifications",
        conn -> {
          List<Object> found = new ArrayList<>();
          try (Connection other = connect()) {
            run(conn, "LISTEN news");
            run(conn, "LISTEN \"Other News\"");
            run(other, "NOTIFY news, 'from another'");
            asked(other, "SELECT pg_notify(?, ?)", "Other News", "by a function ✓");
            run(conn, "NOTIFY news");
            PGConnection own = conn.unwrap(PGConnection.class);
            for (int n = 0; n < 50 && found.size() < 3; n++)
              for (PGNotification note : own.getNotifications(200))
                found.add(List.of(note.getName(), note.getParameter(), note.getPID() == own.getBackendPID()));
            run(conn, "UNLISTEN *");
            run(other, "NOTIFY news, 'to nobody'");
            run(conn, "SELECT 1");
            found.add(own.getNotifications().length);
          }
          return found;
        });
    on(
        "notices",
        conn -> {
          List<Object> found = new ArrayList<>();
          try (Statement statement = conn.createStatement()) {
            statement.execute("INSERT INTO noisy (label) VALUES ('jdbc')");
            for (SQLWarning one = statement.getWarnings(); one != null; one = one.getNextWarning())
              found.add(List.of(one.getSQLState(), one.getMessage()));
            statement.clearWarnings();
            statement.execute("ROLLBACK");
            found.add(List.of(statement.getWarnings().getSQLState(), statement.getWarnings().getMessage()));
          }
          try (PreparedStatement statement = conn.prepareStatement("INSERT INTO noisy (label) VALUES (?)")) {
            statement.setString(1, "prepared");
            statement.execute();
            found.add(List.of(statement.getWarnings().getSQLState(), statement.getWarnings().getMessage()));
          }
          return found;
        });
    on(
        "what the server reports",
        conn -> {
          PGConnection own = conn.unwrap(PGConnection.class);
          List<Object> found = new ArrayList<>();
          found.add(reported(own));
          conn.setClientInfo("ApplicationName", "renamed");
          run(conn, "SET TIME ZONE 'Asia/Kathmandu'");
          found.add(reported(own));
          found.add(one(conn, "SELECT '2024-02-29 12:00Z'::timestamptz"));
          found.add(one(conn, "SHOW extra_float_digits"));
          DatabaseMetaData meta = conn.getMetaData();
          found.add(List.of(meta.getDatabaseProductVersion(), conn.getSchema(), conn.getCatalog()));
          return found;
        },
        "ApplicationName",
        "given",
        "options",
        "-c statement_timeout=7s -c extra_float_digits=0");
  }

  static Object reported(PGConnection conn) {
    Map<String, String> all = new TreeMap<>(conn.getParameterStatuses());
    // Sluice pins it at the login, so its value is its own.
    all.remove("search_path");
    return all;
  }

  static void transactions() {
    on(
        "transactions",
        conn -> {
          List<Object> found = new ArrayList<>();
          conn.setAutoCommit(false);
          run(conn, "INSERT INTO jobs (label) VALUES ('kept by jdbc')");
          Savepoint point = conn.setSavepoint("point");
          found.add(failing(conn, "INSERT INTO jobs (label) VALUES (?)", "first"));
          found.add(failing(conn, "SELECT 1"));
          conn.rollback(point);
          conn.releaseSavepoint(conn.setSavepoint());
          conn.commit();
          run(conn, "INSERT INTO jobs (label) VALUES ('undone by jdbc')");
          conn.rollback();
          found.add(labels(conn, "%by jdbc"));
          found.add(failing(conn, "SELECT 1/0"));
          conn.commit();
          found.add(one(conn, "SELECT 'alive'"));
          return found;
        });
    on(
        "isolation and reading only",
        conn -> {
          List<Object> found = new ArrayList<>();
          conn.setTransactionIsolation(Connection.TRANSACTION_SERIALIZABLE);
          conn.setReadOnly(true);
          conn.setAutoCommit(false);
          found.add(conn.getTransactionIsolation());
          found.add(one(conn, "SHOW transaction_read_only"));
          found.add(failing(conn, "INSERT INTO jobs (label) VALUES ('no')"));
          conn.rollback();
          conn.setReadOnly(false);
          conn.setTransactionIsolation(Connection.TRANSACTION_REPEATABLE_READ);
          found.add(one(conn, "SHOW transaction_isolation"));
          conn.commit();
          return found;
        });
    on(
        "savepoints of the driver's own",
        conn -> {
          conn.setAutoCommit(false);
          run(conn, "INSERT INTO jobs (label) VALUES ('autosaved')");
          List<Object> found = new ArrayList<>();
          found.add(failing(conn, "SELECT 1/?", 0));
          found.add(failing(conn, "SELECT * FROM nowhere"));
          found.add(labels(conn, "autosaved"));
          conn.commit();
          found.add(labels(conn, "autosaved"));
          return found;
        },
        "autosave",
        "always");
    cases.put("two phases", JdbcCases::twoPhases);
  }

  static Object twoPhases() throws Exception {
    PGXADataSource source = new PGXADataSource();
    source.setUrl(url());
    source.setUser(env("PGUSER"));
    source.setPassword(env("PGPASSWORD"));
    XAConnection outer = source.getXAConnection();
    XAResource resource = outer.getXAResource();
    try (Connection conn = outer.getConnection()) {
      Xid id = new BranchId();
      resource.start(id, XAResource.TMNOFLAGS);
      run(conn, "INSERT INTO jobs (label) VALUES ('in two phases')");
      resource.end(id, XAResource.TMSUCCESS);
      try {
        resource.prepare(id);
        resource.commit(id, false);
        return asked(conn, "DELETE FROM jobs WHERE label = 'in two phases'");
      } catch (XAException error) {
        return told(error.getCause());
      }
    } finally {
      outer.close();
    }
  }

  static class BranchId implements Xid {
    public int getFormatId() {
      return 1;
    }

    public byte[] getGlobalTransactionId() {
      return "jdbc".getBytes(StandardCharsets.UTF_8);
    }

    public byte[] getBranchQualifier() {
      return "one".getBytes(StandardCharsets.UTF_8);
    }
  }

  static void errors() {
    Map<String, Object[]> queries = new LinkedHashMap<>();
    queries.put("SELECT 1/0", new Object[0]);
    queries.put("SELECT 1/?::int", new Object[] {0});
    queries.put("SELEC 1", new Object[0]);
    queries.put("SELEC ?", new Object[] {"x"});
    queries.put("SELECT * FROM nowhere", new Object[0]);
    queries.put("SELECT nothing FROM jobs", new Object[0]);
    queries.put("INSERT INTO jobs (label) VALUES (?)", new Object[] {"first"});
    queries.put("INSERT INTO jobs (label, amount) VALUES (?, 1)", new Object[] {""});
    queries.put("INSERT INTO jobs (label, parent) VALUES (?, 999999999)", new Object[] {"orphan"});
    queries.put("SELECT ?::text::int", new Object[] {"abc"});
    queries.put("SELECT * FROM forbidden", new Object[0]);
    for (String mode : List.of("extended", "simple"))
      on(
          "errors, " + mode,
          conn -> {
            List<Object> found = new ArrayList<>();
            for (Map.Entry<String, Object[]> query : queries.entrySet()) {
              found.add(failing(conn, query.getKey(), query.getValue()));
              found.add(one(conn, "SELECT 'alive'"));
            }
            return found;
          },
          "preferQueryMode",
          mode);
    on(
        "several statements in one text",
        conn -> {
          List<Object> found = new ArrayList<>();
          try (Statement statement = conn.createStatement()) {
            boolean isRows =
                statement.execute(
                    "SELECT 1 AS a; INSERT INTO jobs (label) VALUES ('several'); SELECT 'x' AS b;"
                        + " DELETE FROM jobs WHERE label = 'several'");
            while (isRows || statement.getUpdateCount() != -1) {
              if (isRows) found.add(rows(statement.getResultSet()));
              else found.add(statement.getUpdateCount());
              isRows = statement.getMoreResults();
            }
            found.add(failure(() -> statement.execute("INSERT INTO jobs (label) VALUES ('lost'); SELECT 1/0")));
          }
          found.add(labels(conn, "lost"));
          found.add(asked(conn, ""));
          return found;
        });
  }

  static void rest() {
    cases.put("a pool", JdbcCases::pool);
    on(
        "generated keys",
        conn -> {
          List<Object> found = new ArrayList<>();
          try (PreparedStatement statement =
              conn.prepareStatement(
                  "INSERT INTO jobs (label) VALUES (?)", Statement.RETURN_GENERATED_KEYS)) {
            statement.setString(1, "with its key");
            statement.executeUpdate();
            ResultSet keys = statement.getGeneratedKeys();
            keys.next();
            found.add(keys.getMetaData().getColumnCount());
            found.add(keys.getString("label"));
          }
          return found;
        });
    on(
        "a call",
        conn -> {
          try (CallableStatement call = conn.prepareCall("{? = call upper(?)}")) {
            call.registerOutParameter(1, Types.VARCHAR);
            call.setString(2, "loud");
            call.execute();
            return call.getString(1);
          }
        });
    on(
        "what the catalogue tells",
        conn -> {
          DatabaseMetaData meta = conn.getMetaData();
          List<Object> found = new ArrayList<>();
          found.add(rows(meta.getTables(null, "public", "%", new String[] {"TABLE", "VIEW"})));
          found.add(rows(meta.getColumns(null, "public", "all_types", "%")));
          found.add(rows(meta.getPrimaryKeys(null, "public", "jobs")));
          found.add(rows(meta.getImportedKeys(null, "public", "jobs")));
          found.add(rows(meta.getExportedKeys(null, "public", "jobs")));
          found.add(rows(meta.getCrossReference(null, "public", "jobs", null, "public", "jobs")));
          found.add(meta.getMaxColumnsInIndex());
          found.add(meta.getDefaultTransactionIsolation());
          found.add(rows(meta.getIndexInfo(null, "public", "jobs", false, true)));
          found.add(rows(meta.getSchemas()));
          found.add(rows(meta.getTablePrivileges(null, "public", "jobs")));
          found.add(rows(meta.getUDTs(null, "public", "%", null)));
          found.add(meta.getSQLKeywords());
          found.add(digest(String.valueOf(rows(meta.getTypeInfo())).getBytes(StandardCharsets.UTF_8)));
          found.add(rows(meta.getFunctions(null, "public", "%")));
          return found;
        });
    on(
        "large values",
        conn -> {
          String text = "0123456789abcdef".repeat(65_536);
          List<Object> found = new ArrayList<>();
          found.add(asked(conn, "SELECT length(?::text), md5(?::text)", text, text).get(1));
          found.add(
              asked(conn, "SELECT length(?::bytea), md5(?)", text.getBytes(), text.getBytes()).get(1));
          try (PreparedStatement statement = conn.prepareStatement("INSERT INTO jobs (label, document) VALUES (?, ?)")) {
            statement.setString(1, "large jdbc");
            statement.setCharacterStream(2, new StringReader(text));
            statement.executeUpdate();
          }
          found.add(asked(conn, "SELECT md5(document) FROM jobs WHERE label = 'large jdbc'").get(1));
          try (Statement statement = conn.createStatement();
              ResultSet all =
                  statement.executeQuery("SELECT n, repeat(md5(n::text), 32) FROM generate_series(1, 10000) n")) {
            MessageDigest hash = MessageDigest.getInstance("SHA-256");
            while (all.next()) hash.update((all.getInt(1) + all.getString(2)).getBytes(StandardCharsets.UTF_8));
            found.add(hex(hash.digest()));
          }
          return found;
        });
    on(
        "large objects",
        conn -> {
          conn.setAutoCommit(false);
          LargeObjectManager objects = conn.unwrap(PGConnection.class).getLargeObjectAPI();
          try {
            long id = objects.createLO(LargeObjectManager.READWRITE);
            LargeObject large = objects.open(id, LargeObjectManager.READWRITE);
            large.write("large".getBytes(StandardCharsets.UTF_8));
            large.seek(0);
            String found = new String(large.read(100), StandardCharsets.UTF_8);
            large.close();
            return found;
          } catch (SQLException error) {
            return told(error);
          } finally {
            conn.rollback();
          }
        });
  }

  static Object pool() throws Exception {
    HikariConfig config = new HikariConfig();
    config.setJdbcUrl(url());
    config.setUsername(env("PGUSER"));
    config.setPassword(env("PGPASSWORD"));
    config.setMaximumPoolSize(3);
    config.setConnectionTimeout(5_000);
    config.setConnectionTestQuery("SELECT 1");
    List<Object> found = new ArrayList<>();
    ExecutorService threads = Executors.newFixedThreadPool(6);
    try (HikariDataSource pool = new HikariDataSource(config)) {
      List<Future<Object>> waiting = new ArrayList<>();
      for (int n = 0; n < 18; n++) {
        int number = n;
        waiting.add(
            threads.submit(
                () -> {
                  try (Connection conn = pool.getConnection()) {
                    conn.setAutoCommit(number % 2 == 0);
                    if (number % 3 == 0) conn.setReadOnly(true);
                    return asked(conn, "SELECT ?::int", number).get(1);
                  }
                }));
      }
      for (Future<Object> one : waiting) found.add(one.get());
      try (Connection conn = pool.getConnection()) {
        conn.setAutoCommit(false);
        run(conn, "INSERT INTO jobs (label) VALUES ('left open')");
        found.add(failing(conn, "SELECT 1/0"));
      }
      try (Connection conn = pool.getConnection()) {
        found.add(conn.getAutoCommit());
        found.add(conn.isValid(2));
        found.add(labels(conn, "left open"));
        pool.evictConnection(conn);
      }
      try (Connection conn = pool.getConnection()) {
        found.add(one(conn, "SELECT 'a new one'"));
      }
    } finally {
      threads.shutdown();
    }
    return found;
  }

  public static void main(String[] args) throws Exception {
    values();
    prepared();
    batches();
    cursors();
    copies();
    cancels();
    messages();
    transactions();
    errors();
    rest();
    Set<String> wanted = new HashSet<>(Arrays.asList(args));
    for (Map.Entry<String, Case> one : cases.entrySet()) {
      if (!wanted.isEmpty() && !wanted.contains(one.getKey())) continue;
      Map<String, Object> report = new LinkedHashMap<>();
      report.put("case", one.getKey());
      try {
        report.put("seen", one.getValue().run());
      } catch (Throwable error) {
        error.printStackTrace();
        report.put("raised", String.valueOf(error));
      }
      System.out.write((json(report) + "\n").getBytes(StandardCharsets.UTF_8));
      System.out.flush();
    }
    System.exit(0);
  }

  static String json(Object value) {
    if (value == null) return "null";
    if (value instanceof Map<?, ?> map) {
      List<String> parts = new ArrayList<>();
      for (Map.Entry<?, ?> entry : map.entrySet())
        parts.add(json(String.valueOf(entry.getKey())) + ":" + json(entry.getValue()));
      return "{" + String.join(",", parts) + "}";
    }
    if (value instanceof Iterable<?> items) {
      List<String> parts = new ArrayList<>();
      for (Object item : items) parts.add(json(item));
      return "[" + String.join(",", parts) + "]";
    }
    if (value instanceof int[] numbers) return Arrays.toString(numbers);
    if (value instanceof Number || value instanceof Boolean) return String.valueOf(value);
    StringBuilder text = new StringBuilder("\"");
    for (char c : String.valueOf(value).toCharArray())
      if (c < 0x20 || c == '"' || c == '\\' || c > 0x7e) text.append(String.format("\\u%04x", (int) c));
      else text.append(c);
    return text.append('"').toString();
  }
}
