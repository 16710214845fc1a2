//! The answer to a query of a PostgreSQL or MySQL server as a table.
//!
//! * Comes in: an address without a password, the password from its file, one query. Goes out: rows, a few hundred at a
//!   time, while the server makes them: memory is that of two batches, here and there.
//! * The query is prepared by itself first, so it is one statement, and is run in a transaction that only reads, under a
//!   timeout of the server's and one of ours, for a server that stalls keeps none. Give it a user that may read what it
//!   needs and nothing else: that is the guard, these are seat belts.
//! * Every value is taken in the server's own text form, so nothing is rounded on the way. Floating-point numbers are
//!   rejects in the record's and identifiers' columns; so are decimals with a fraction. Types that are no text, whatever
//!   stands in them, are refused by the column's name.
//! * Times are shown as in China, where the registers are.
//! * Trusts: the server, as far as its rows go. TLS as the address asks for it (`sslmode`, `ssl-mode`).
//! * Fails with a [`ServerError`], which has the server's code and never its words: they may repeat values, and the
//!   password is in none of ours.

mod error;
#[cfg(feature = "mysql")]
mod mysql;
mod outlet;
#[cfg(feature = "postgres")]
mod postgres;

use std::fmt;
use std::time::Duration;

use tokio::sync::mpsc;
use zeroize::Zeroizing;

pub use error::ServerError;
use outlet::{Batch, Outlet};

use super::headers::shown;
use super::line::{Cells, Line, Mark, ROW_BYTES, Rows};
use super::{Found, IngestError, Options, RegisterFile, issues};

/// Rows that are asked for at once.
#[cfg_attr(
    not(any(feature = "postgres", feature = "mysql")),
    expect(dead_code, reason = "there is no server")
)]
const BATCH: usize = 512;
/// Batches that may wait.
const WAITING: usize = 2;
/// How long a server may take to answer at all.
const CONNECT: Duration = Duration::from_secs(30);
/// How long a query may take that says nothing else.
pub const TIMEOUT: Duration = Duration::from_mins(30);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Engine {
    Postgres,
    MySql,
}

/// Where a server is, without a password.
#[derive(Clone, PartialEq, Eq)]
pub struct Address {
    engine: Engine,
    url: String,
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Address").field("engine", &self.engine).finish_non_exhaustive()
    }
}

impl Address {
    /// Takes an address that names no password.
    pub fn parse(url: &str) -> Result<Self, ServerError> {
        let (scheme, rest) = url.split_once("://").ok_or(ServerError::Address)?;
        let engine = match scheme {
            "postgres" | "postgresql" => Engine::Postgres,
            "mysql" | "mariadb" => Engine::MySql,
            _ => return Err(ServerError::Address),
        };
        let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
        let user = authority.rsplit_once('@').map_or("", |(user, _)| user);
        let said = rest.split_once('?').map_or("", |(_, said)| said).to_ascii_lowercase();
        if user.contains(':') || said.contains("password") || rest.matches('@').count() > 1 {
            return Err(ServerError::PasswordInAddress);
        }
        let scheme = if engine == Engine::Postgres { "postgres" } else { "mysql" };
        Ok(Self { engine, url: format!("{scheme}://{rest}") })
    }
}

/// What is asked, and of whom.
#[derive(Clone, Debug)]
pub struct Query {
    /// The server.
    pub address: Address,
    /// One statement that reads.
    pub text: String,
    /// How long it may take.
    pub timeout: Duration,
}

/// What of a password's file is the password: all but the end of its line.
pub fn password(file: &[u8]) -> Option<Zeroizing<String>> {
    let text = std::str::from_utf8(file).ok()?;
    Some(Zeroizing::new(text.trim_end_matches(['\r', '\n']).to_owned()))
}

/// Asks the server, and reads the header from its answer.
pub async fn open(
    query: Query,
    password: Option<Zeroizing<String>>,
    options: &Options,
) -> Result<RegisterFile, IngestError> {
    let (to, from) = mpsc::channel(WAITING);
    let outlet = Outlet { to };
    let asked = match query.address.engine {
        #[cfg(feature = "postgres")]
        Engine::Postgres => tokio::time::timeout(CONNECT, postgres::ask(query, password, outlet)).await,
        #[cfg(feature = "mysql")]
        Engine::MySql => tokio::time::timeout(CONNECT, mysql::ask(query, password, outlet)).await,
        #[allow(unreachable_patterns, reason = "reached where a feature is off")]
        engine => {
            let name = if engine == Engine::Postgres { "PostgreSQL" } else { "MySQL" };
            drop((password, outlet, options));
            return Err(ServerError::NotBuilt(name).into());
        }
    };
    let columns = asked.map_err(|_| ServerError::Unreachable)??;
    let mut header = Cells::default();
    for column in &columns {
        header.push(&column.name, None);
        if column.take == Take::Refused && options.map.knows(&column.name) {
            let (column, kind) = (shown(&column.name), column.kind.clone());
            return Err(IngestError::ColumnType { column, kind });
        }
    }
    let rows = Answer { from, batch: Vec::new().into_iter(), ended: false };
    RegisterFile::new(&header, options, Found::NOTHING, Box::new(rows))
}

/// How the values of a column are taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Take {
    /// As they are.
    Text,
    /// A number without a point if it has no fraction.
    Decimal,
    /// A number that was rounded.
    Float,
    /// Not at all.
    Refused,
}

/// A column of an answer.
struct Column {
    name: String,
    kind: String,
    take: Take,
}

impl Take {
    /// The text of a cell.
    fn written(self, text: &str) -> (&str, Option<Mark>) {
        match self {
            Self::Text => (text, None),
            Self::Float => (text, Some(Mark::Number)),
            Self::Refused => ("", None),
            Self::Decimal => match text.split_once('.') {
                Some((whole, fraction)) if fraction.bytes().all(|digit| digit == b'0') => (whole, None),
                Some(_) => (text, Some(Mark::Number)),
                None => (text, None),
            },
        }
    }
}

/// Puts one row together from what a server said of each column.
#[cfg(any(feature = "postgres", feature = "mysql"))]
fn line<'a>(columns: &[Column], mut value: impl FnMut(usize) -> Option<&'a [u8]>) -> Line {
    let mut cells = Cells::default();
    for (place, column) in columns.iter().enumerate() {
        match value(place).map(std::str::from_utf8) {
            None => cells.push("", None),
            Some(Err(_)) if column.take == Take::Refused => cells.push("", None),
            Some(Err(_)) => cells.push("", Some(Mark::Faulty)),
            Some(Ok(text)) => {
                let (text, mark) = column.take.written(text);
                if cells.bytes() + text.len() > ROW_BYTES {
                    return Line::Unreadable(&issues::ROW_TOO_LONG);
                }
                cells.push(text, mark);
            }
        }
    }
    Line::Cells(cells)
}

struct Answer {
    from: mpsc::Receiver<Batch>,
    batch: std::vec::IntoIter<Line>,
    ended: bool,
}

impl Rows for Answer {
    fn next(&mut self) -> Result<Option<Line>, IngestError> {
        loop {
            if let Some(line) = self.batch.next() {
                return Ok(Some(line));
            }
            if self.ended {
                return Ok(None);
            }
            // What ends without a word has broken off: the records behind that are not lacking.
            match self.from.blocking_recv().ok_or(ServerError::Unreachable)?? {
                Some(batch) => self.batch = batch.into_iter(),
                None => self.ended = true,
            }
        }
    }
}

/// The statement without what ends it.
#[cfg(any(feature = "postgres", feature = "mysql"))]
fn statement(text: &str) -> &str {
    text.trim().trim_end_matches(';').trim_end()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_has_no_password() {
        for good in [
            "postgres://reader@db.bank.cn:5432/cases?sslmode=verify-full&sslrootcert=/etc/ssl/db.pem",
            "postgresql:///cases?host=/run/postgresql",
            "mysql://reader@127.0.0.1/cases",
            "mariadb://reader@127.0.0.1/cases",
        ] {
            assert!(Address::parse(good).is_ok(), "{good}");
        }
        for bad in ["db.bank.cn", "oracle://a@b/c", "http://x"] {
            assert!(matches!(Address::parse(bad), Err(ServerError::Address)), "{bad}");
        }
        for told in [
            "postgres://reader:secret@db/cases",
            "mysql://reader:@db/cases",
            "postgres://db/cases?password=secret",
            "postgres://reader:p@ss/w@db/cases",
        ] {
            let error = Address::parse(told).unwrap_err();
            assert!(matches!(error, ServerError::PasswordInAddress), "{told}");
            assert!(!format!("{error:?}{error}").contains("secret"));
        }
        let shown = format!("{:?}", Address::parse("mysql://reader@db/cases").unwrap());
        assert!(!shown.contains("reader") && !shown.contains("db"), "{shown}");
    }

    #[test]
    fn an_answer_that_ends_without_a_word_is_not_whole() {
        for ended in [true, false] {
            let (to, from) = mpsc::channel(WAITING);
            let mut cells = Cells::default();
            cells.push("A1", None);
            assert!(to.blocking_send(Ok(Some(vec![Line::Cells(cells)]))).is_ok());
            if ended {
                assert!(to.blocking_send(Ok(None)).is_ok());
            }
            drop(to);
            let mut rows = Answer { from, batch: Vec::new().into_iter(), ended: false };
            assert!(matches!(rows.next(), Ok(Some(Line::Cells(_)))));
            for _ in 0..2 {
                let next = rows.next();
                if ended {
                    assert!(matches!(next, Ok(None)));
                } else {
                    assert!(matches!(next, Err(IngestError::Server(ServerError::Unreachable))));
                }
            }
        }
    }

    #[test]
    fn decimals_without_a_fraction_are_whole() {
        assert_eq!(Take::Decimal.written("13912345678.00"), ("13912345678", None));
        assert_eq!(Take::Decimal.written("-12"), ("-12", None));
        assert_eq!(Take::Decimal.written("1.5"), ("1.5", Some(Mark::Number)));
        assert_eq!(Take::Float.written("1"), ("1", Some(Mark::Number)));
    }

    #[cfg(any(feature = "postgres", feature = "mysql"))]
    #[test]
    fn bytes_that_are_no_text_are_faulty_and_not_empty() {
        let column = |take| Column { name: String::new(), kind: String::new(), take };
        let columns = [column(Take::Text), column(Take::Text), column(Take::Refused)];
        let values: [Option<&[u8]>; 3] = [Some(b"\xD5\xF9"), None, Some(b"\xD5\xF9")];
        let Line::Cells(cells) = line(&columns, |place| values[place]) else { panic!("it is a row") };
        assert_eq!([0, 1, 2].map(|place| cells.mark(place)), [Some(Mark::Faulty), None, None]);
    }

    #[cfg(any(feature = "postgres", feature = "mysql"))]
    #[test]
    fn a_password_is_all_but_the_end_of_its_line() {
        assert_eq!(*password(b"a b\r\n").unwrap(), "a b");
        assert!(password(b"\xFF").is_none());
    }
}
