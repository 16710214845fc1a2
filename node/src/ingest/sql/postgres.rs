//! A PostgreSQL server: a cursor in a transaction that only reads, fetched a batch at a time.
//!
//! The cursor is declared by the extended protocol, which takes one statement; its rows come by the simple one, which has
//! every type as text. Sources: postgresql.org, “DECLARE”, “FETCH”, “Message Flow”.

use sqlx::postgres::{PgConnectOptions, PgConnection, PgRow, PgTypeKind};
use sqlx::{
    AssertSqlSafe, Column as _, ConnectOptions as _, Connection as _, Executor as _, Row as _,
    SqlSafeStr as _, Statement as _, TypeInfo as _,
};
use zeroize::Zeroizing;

use super::outlet::{Deadline, Outlet};
use super::{BATCH, CONNECT, Column, Query, ServerError, Take, line, statement};

/// Connects, declares the cursor, and leaves a task that fetches.
pub(super) async fn ask(
    query: Query,
    password: Option<Zeroizing<String>>,
    outlet: Outlet,
) -> Result<Vec<Column>, ServerError> {
    let mut options: PgConnectOptions = query.address.url.parse().map_err(|_| ServerError::Address)?;
    if let Some(password) = &password {
        options = options.password(password);
    }
    let mut connection =
        options.application_name("lianfang-node").disable_statement_logging().connect().await?;
    let text = statement(&query.text);
    let timeout = query.timeout.as_millis();
    let begin = format!(
        "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SET LOCAL statement_timeout = {timeout}; \
         SET LOCAL DateStyle = 'ISO, YMD'; SET LOCAL TIME ZONE 8; SET LOCAL bytea_output = 'hex'"
    );
    connection.execute(sqlx::raw_sql(AssertSqlSafe(begin))).await?;
    let prepared = (&mut connection).prepare(AssertSqlSafe(text.to_owned()).into_sql_str()).await?;
    let columns: Vec<Column> = prepared.columns().iter().map(column).collect();
    let declare = format!("DECLARE register_rows NO SCROLL CURSOR FOR {text}");
    sqlx::query(AssertSqlSafe(declare)).persistent(false).execute(&mut connection).await?;
    let taken: Vec<Column> = prepared.columns().iter().map(column).collect();
    let deadline = Deadline::after(query.timeout);
    tokio::spawn(async move {
        let fetched = fetch(&mut connection, &taken, &outlet, deadline).await;
        outlet.end(fetched).await;
        // The server ends what is left when the connection does; one that stalls is not told.
        let _ = tokio::time::timeout(CONNECT, connection.close()).await;
    });
    Ok(columns)
}

fn column(column: &sqlx::postgres::PgColumn) -> Column {
    let info = column.type_info();
    let take = match (info.name(), info.kind()) {
        ("FLOAT4" | "FLOAT8", _) => Take::Float,
        ("NUMERIC", _) => Take::Decimal,
        ("BYTEA", _) | (_, PgTypeKind::Array(_) | PgTypeKind::Composite(_) | PgTypeKind::Range(_)) => {
            Take::Refused
        }
        (_, PgTypeKind::Simple | PgTypeKind::Pseudo | PgTypeKind::Domain(_) | PgTypeKind::Enum(_)) => {
            Take::Text
        }
    };
    Column { name: column.name().to_owned(), kind: info.name().to_owned(), take }
}

async fn fetch(
    connection: &mut PgConnection,
    columns: &[Column],
    outlet: &Outlet,
    mut deadline: Deadline,
) -> Result<(), ServerError> {
    let fetch = format!("FETCH FORWARD {BATCH} FROM register_rows");
    loop {
        let batch = sqlx::raw_sql(AssertSqlSafe(fetch.clone())).fetch_all(&mut *connection);
        let rows: Vec<PgRow> = deadline.within(batch).await?;
        let last = rows.len() < BATCH;
        let lines = rows
            .iter()
            .map(|row| {
                line(columns, |place| row.try_get_raw(place).ok().and_then(|value| value.as_bytes().ok()))
            })
            .collect();
        if !deadline.give(outlet, lines).await || last {
            return Ok(());
        }
    }
}
