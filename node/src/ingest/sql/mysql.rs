//! A MySQL or MariaDB server: one answer, read as it comes, in a transaction that only reads.
//!
//! The query is prepared first, which takes one statement, and then asked as text, which has every type as text. Sources:
//! dev.mysql.com, “COM_QUERY”, “START TRANSACTION”, “max_execution_time”; mariadb.com, “max_statement_time”.

use futures::TryStreamExt as _;
use sqlx::mysql::{MySqlColumn, MySqlConnectOptions, MySqlConnection, MySqlDatabaseError, MySqlRow};
use sqlx::{
    AssertSqlSafe, Column as _, ConnectOptions as _, Executor as _, Row as _, SqlSafeStr as _,
    Statement as _, TypeInfo as _,
};
use zeroize::Zeroizing;

use super::outlet::{Deadline, Outlet};
use super::{BATCH, Column, Query, ServerError, Take, line, statement};

/// What a server says by its own numbers where the common codes say nothing.
pub(super) fn told(error: &dyn sqlx::error::DatabaseError) -> Option<ServerError> {
    let number = error.try_downcast_ref::<MySqlDatabaseError>()?.number();
    let code = number.to_string();
    Some(match number {
        // ER_QUERY_TIMEOUT; ER_STATEMENT_TIMEOUT.
        3024 | 1969 => ServerError::TimedOut,
        // ER_CANT_EXECUTE_IN_READ_ONLY_TRANSACTION.
        1792 => ServerError::Writes,
        // Access denied: to the server, the database, a table, a column.
        1044 | 1045 | 1142 | 1143 | 1227 | 1698 => ServerError::Refused { code },
        1049 | 1054 | 1064 | 1146 | 1295 => ServerError::Query { code },
        1040 | 1053 | 1077 | 1079 => ServerError::Unreachable,
        _ => return None,
    })
}

/// Connects, prepares the query, and leaves a task that reads the answer.
pub(super) async fn ask(
    query: Query,
    password: Option<Zeroizing<String>>,
    outlet: Outlet,
) -> Result<Vec<Column>, ServerError> {
    let mut options: MySqlConnectOptions = query.address.url.parse().map_err(|_| ServerError::Address)?;
    if let Some(password) = &password {
        options = options.password(password);
    }
    let options = options.timezone(Some("+08:00".to_owned()));
    let mut connection = options.disable_statement_logging().connect().await?;
    let version: Vec<u8> =
        sqlx::query_scalar("SELECT CAST(version() AS BINARY)").fetch_one(&mut connection).await?;
    let maria = String::from_utf8_lossy(&version).contains("MariaDB");
    let limit = if maria {
        format!("SET SESSION max_statement_time = {}", query.timeout.as_secs().max(1))
    } else {
        format!("SET SESSION max_execution_time = {}", query.timeout.as_millis().max(1))
    };
    for said in [limit, "START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY".to_owned()] {
        connection.execute(sqlx::raw_sql(AssertSqlSafe(said))).await?;
    }
    let text = statement(&query.text).to_owned();
    let prepared = (&mut connection).prepare(AssertSqlSafe(text.clone()).into_sql_str()).await?;
    let columns: Vec<Column> = prepared.columns().iter().map(column).collect();
    let taken: Vec<Column> = prepared.columns().iter().map(column).collect();
    if columns.is_empty() {
        return Err(ServerError::NoRows);
    }
    let deadline = Deadline::after(query.timeout);
    tokio::spawn(async move {
        let fetched = fetch(&mut connection, text, &taken, &outlet, deadline).await;
        outlet.end(fetched).await;
        // An answer that nobody reads on is not waited for.
        drop(connection);
    });
    Ok(columns)
}

fn column(column: &MySqlColumn) -> Column {
    let kind = column.type_info().name();
    let take = match kind {
        "FLOAT" | "DOUBLE" => Take::Float,
        "DECIMAL" => Take::Decimal,
        "BIT" | "GEOMETRY" => Take::Refused,
        // Bytes are text where they are UTF-8; a text that compares by its bytes has the same type.
        _ => Take::Text,
    };
    Column { name: column.name().to_owned(), kind: kind.to_owned(), take }
}

async fn fetch(
    connection: &mut MySqlConnection,
    text: String,
    columns: &[Column],
    outlet: &Outlet,
    mut deadline: Deadline,
) -> Result<(), ServerError> {
    let mut rows = sqlx::raw_sql(AssertSqlSafe(text)).fetch(connection);
    let mut batch = Vec::with_capacity(BATCH);
    while let Some(row) = deadline.within(rows.try_next()).await? {
        batch.push(line(columns, |place| value(&row, place)));
        if batch.len() == BATCH && !deadline.give(outlet, std::mem::take(&mut batch)).await {
            return Ok(());
        }
    }
    deadline.give(outlet, batch).await;
    Ok(())
}

fn value(row: &MySqlRow, place: usize) -> Option<&[u8]> {
    row.try_get_unchecked::<Option<&[u8]>, _>(place).ok().flatten()
}
