//! What `import` reads: a file, or a server's answer.
//!
//! Comes in: arguments, the configuration. Goes out: an open register, and what it is called to a person. Fails with the
//! problem of the file or server, by its name; a password is in none.

use std::fs::File;
use std::path::{Path, PathBuf};

use lianfang_desk::{Call, Exit, Problem};

use super::args;
use crate::app::App;
use crate::config::span;
use crate::ingest::sql::{self, Address, Query, ServerError};
use crate::ingest::{Encoding, Format, HeaderMap, Headers, IngestError, Options, RegisterFile};
use crate::register::Origin;
use crate::secrets::read_password;

/// Bytes of a file that names headers, and of one with a query.
const SMALL_BYTES: u64 = 1 << 20;

/// An open register.
pub(super) struct Input {
    pub(super) register: RegisterFile,
    /// What it is called.
    pub(super) name: String,
    /// Where its rejects go unless somewhere else is named.
    pub(super) rejects: PathBuf,
    /// Retract what it lacks, as the configuration says.
    pub(super) full: bool,
    /// The file, if it is one.
    pub(super) origin: Option<Origin>,
}

pub(super) async fn open(node: &App, args: &args::Import, call: &Call) -> Result<Input, Problem> {
    let options = options(args, call)?;
    if let Some(file) = &args.file {
        return open_file(call.path(file), Options { full: args.full, ..options }).await;
    }
    let asked = match &args.source {
        Some(name) => configured(node, name, options)?,
        None => named(args, call, options)?,
    };
    let Asked { query, password_file, options, name, rejects, full } = asked;
    let password = password_file.map(|path| password(&path)).transpose()?;
    let opened = sql::open(query, password, &options).await;
    let register = opened.map_err(|error| unreadable(&error, &name))?;
    Ok(Input { register, name, rejects, full, origin: None })
}

async fn open_file(path: PathBuf, options: Options) -> Result<Input, Problem> {
    // Opening a pipe waits for whoever writes into it, and a pipe cannot be read twice.
    let kind = std::fs::metadata(&path).map_err(|error| Problem::file(&path, error))?;
    if !kind.is_file() {
        return Err(Problem::usage("register-not-a-file").with("path", path.display().to_string()));
    }
    let file = File::open(&path).map_err(|error| Problem::file(&path, error))?;
    let origin = Some(Origin::named(&file, &path).map_err(|error| Problem::file(&path, error))?);
    let (name, rejects) = (path.display().to_string(), path.with_file_name("rejects.csv"));
    let options = Options { name: Some(name.clone()), ..options };
    // A first pass over the file finds out about it; it takes as long as the file is large.
    let opened = tokio::task::spawn_blocking(move || RegisterFile::open(file, &options));
    let register = opened.await.map_err(Problem::bug)?.map_err(|error| unreadable(&error, &name))?;
    Ok(Input { register, name, rejects, full: false, origin })
}

/// A query before it is asked.
struct Asked {
    query: Query,
    password_file: Option<PathBuf>,
    options: Options,
    name: String,
    rejects: PathBuf,
    full: bool,
}

fn configured(node: &App, name: &str, mut options: Options) -> Result<Asked, Problem> {
    let unknown = || Problem::usage("source-unknown").with("got", name.to_owned()).field("--source");
    let source = node.config.source.get(name).ok_or_else(unknown)?;
    let text = match (&source.query, &source.query_file) {
        (Some(text), _) => text.clone(),
        (None, Some(path)) => small(path)?,
        (None, None) => return Err(unknown()),
    };
    if let Some(path) = &source.map {
        options.map = header_map(path)?;
    }
    Ok(Asked {
        query: Query { address: address(&source.from, name)?, text, timeout: source.timeout() },
        password_file: source.password_file.clone(),
        options,
        name: name.to_owned(),
        rejects: node.dir.join(format!("{name}.rejects.csv")),
        full: source.full,
    })
}

fn named(args: &args::Import, call: &Call, options: Options) -> Result<Asked, Problem> {
    let (from, query) = (args.from.as_deref().unwrap_or_default(), args.query.as_deref().unwrap_or_default());
    let text = match query.strip_prefix('@') {
        Some(path) => small(&call.path(Path::new(path)))?,
        None => query.to_owned(),
    };
    let timeout = match &args.timeout {
        Some(said) => span(said).ok_or_else(|| value("--timeout", said))?,
        None => sql::TIMEOUT,
    };
    let name = "--from".to_owned();
    Ok(Asked {
        query: Query { address: address(from, &name)?, text, timeout },
        password_file: args.password_file.as_ref().map(|path| call.path(path)),
        options,
        name,
        rejects: call.path(Path::new("rejects.csv")),
        full: false,
    })
}

fn address(from: &str, name: &str) -> Result<Address, Problem> {
    Address::parse(from).map_err(|error| unreadable(&error.into(), name))
}

fn password(path: &Path) -> Result<zeroize::Zeroizing<String>, Problem> {
    let unreadable = || Problem::usage("secret-file-unreadable").with("path", path.display().to_string());
    sql::password(&read_password(path)?).ok_or_else(unreadable)
}

fn options(args: &args::Import, call: &Call) -> Result<Options, Problem> {
    let format =
        args.format.as_ref().map(|name| Format::from_name(name).ok_or_else(|| value("--format", name)));
    let encoding =
        args.encoding.as_ref().map(|name| Encoding::from_name(name).ok_or_else(|| value("--encoding", name)));
    let map = args.map.as_ref().map(|path| header_map(&call.path(path)));
    Ok(Options {
        format: format.transpose()?,
        encoding: encoding.transpose()?,
        sheet: args.sheet.clone(),
        name: None,
        map: map.transpose()?.unwrap_or_default(),
        full: false,
    })
}

fn value(field: &str, got: &str) -> Problem {
    Problem::usage("usage-value").with("got", got.to_owned()).field(field)
}

pub(crate) fn header_map(path: &Path) -> Result<HeaderMap, Problem> {
    HeaderMap::from_toml(&small(path)?).map_err(|error| unreadable(&error, &path.display().to_string()))
}

fn small(path: &Path) -> Result<String, Problem> {
    let size = std::fs::metadata(path).map_err(|error| Problem::file(path, error))?.len();
    if size > SMALL_BYTES {
        return Err(unreadable(&IngestError::BadMap, &path.display().to_string()));
    }
    std::fs::read_to_string(path).map_err(|error| match error.kind() {
        std::io::ErrorKind::InvalidData => {
            Problem::usage("file-not-utf-8").with("path", path.display().to_string())
        }
        _ => Problem::file(path, error),
    })
}

/// What a person hears of a register that cannot be read.
pub(crate) fn unreadable(error: &IngestError, name: &str) -> Problem {
    let problem = match error {
        IngestError::Server(error) => Problem::usage(error.code()).exiting(server_exit(error)),
        IngestError::Unread(form) => Problem::data(format!("register-{}", form.code())),
        // A first line that seems to be data has no header for the record either; the offset tells the messages apart.
        IngestError::NoRecordColumn { .. } | IngestError::NoHeader { .. } => {
            Problem::data("register-no-record-column")
        }
        IngestError::HeaderTooLow { .. } => Problem::data("register-header-too-low"),
        IngestError::OtherSheets { .. } => Problem::usage("register-other-sheets"),
        IngestError::Compression { .. } => Problem::data("register-compression"),
        IngestError::BadMap => Problem::usage("header-map-unreadable"),
        IngestError::UnknownMapTarget { .. } => Problem::usage("header-map-target"),
        IngestError::NoIdentifierColumn { .. } => Problem::data("register-no-identifier-column"),
        IngestError::RepeatedHeader { .. } => Problem::usage("register-header-twice"),
        IngestError::BadBytes { .. } => Problem::data("encoding-undecodable"),
        IngestError::NotOfFormat(_) => Problem::usage("register-not-of-format"),
        IngestError::NotBuilt(_) => Problem::usage("register-not-built"),
        IngestError::Damaged => Problem::data("register-damaged"),
        IngestError::TooLarge { .. } => Problem::data("register-too-large"),
        IngestError::NoSuchSheet { .. } => Problem::usage("register-no-such-sheet"),
        IngestError::ColumnType { .. } => Problem::data("register-column-type"),
        other if other.exit_code() == 64 => Problem::usage("register-unreadable"),
        _ => Problem::data("register-unreadable"),
    };
    let (got, field, offset) = particulars(error);
    problem
        .with("path", name.to_owned())
        .with("got", got)
        .with("field", field)
        .with("detail", error.to_string())
        .with("offset", offset)
}

fn server_exit(error: &ServerError) -> Exit {
    match error {
        ServerError::Unreachable => Exit::Unreachable,
        ServerError::Refused { .. } => Exit::Refused,
        ServerError::TimedOut => Exit::Later,
        ServerError::Data { .. } | ServerError::Failed { .. } => Exit::Data,
        _ => Exit::Usage,
    }
}

/// What a message names: something that was got, something that it was got for, and a number.
fn particulars(error: &IngestError) -> (String, String, u64) {
    let (got, field, offset) = match error {
        IngestError::NoRecordColumn { found: Headers::Named(found) }
        | IngestError::NoIdentifierColumn { found: Headers::Named(found) }
        | IngestError::NoSuchSheet { found } => (found.clone(), found.clone(), 0),
        IngestError::NoHeader { columns }
        | IngestError::NoRecordColumn { found: Headers::Counted(columns) }
        | IngestError::NoIdentifierColumn { found: Headers::Counted(columns) } => {
            (String::new(), String::new(), *columns as u64)
        }
        IngestError::RepeatedHeader { header } => (header.clone(), header.clone(), 0),
        IngestError::BadBytes { offset, encoding } => (encoding.name().to_owned(), String::new(), *offset),
        IngestError::NotOfFormat(format) => (format.name().to_owned(), String::new(), 0),
        IngestError::NotBuilt(what) => ((*what).to_owned(), String::new(), 0),
        IngestError::TooLarge { what, limit } => ((*what).to_owned(), String::new(), *limit),
        IngestError::HeaderTooLow { limit } => (String::new(), String::new(), *limit),
        IngestError::OtherSheets { places } => (places.clone(), String::new(), 0),
        IngestError::Compression { kind } => (kind.clone(), String::new(), 0),
        IngestError::UnknownMapTarget { column } => (column.clone(), column.clone(), 0),
        IngestError::ColumnType { column, kind } => (kind.clone(), column.clone(), 0),
        IngestError::Server(
            ServerError::Refused { code }
            | ServerError::Query { code }
            | ServerError::Data { code }
            | ServerError::Failed { code },
        ) => (code.clone(), String::new(), 0),
        other => (other.to_string(), String::new(), 0),
    };
    (got, field, offset)
}

#[cfg(test)]
mod tests {
    use lianfang_desk::Lang;

    use super::*;

    fn told(problem: &Problem) -> (&str, Exit) {
        (problem.code(), problem.exit())
    }

    #[tokio::test]
    async fn what_is_wrong_is_told_of_the_file_it_is_wrong_with() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("map.toml");
        let map = |bytes: &[u8]| {
            std::fs::write(&path, bytes).unwrap();
            header_map(&path).err().unwrap()
        };
        // 编号 in GBK.
        assert_eq!(told(&map(b"\"\xB1\xE0\xBA\xC5\" = \"record\"\n")), ("file-not-utf-8", Exit::Usage));
        assert_eq!(told(&map(b"a =\n")), ("header-map-unreadable", Exit::Usage));
        let target = map(b"\"a\" = \"nothing\"\n");
        assert_eq!(told(&target), ("header-map-target", Exit::Usage));
        assert!(target.sentence(Lang::En).contains("nothing"), "{target}");
        // What is no file, such as a pipe, is not opened.
        let folder = open_file(dir.path().to_owned(), Options::default()).await.err().unwrap();
        assert_eq!(told(&folder), ("register-not-a-file", Exit::Usage));
    }

    #[test]
    fn a_first_line_of_data_is_told_by_its_cells() {
        let named = || Headers::Named("手机号, 备注".to_owned());
        let counted = || Headers::Counted(5);
        let (record, identifier) = ("register-no-record-column", "register-no-identifier-column");
        for (error, code, data) in [
            (IngestError::NoRecordColumn { found: named() }, record, false),
            (IngestError::NoIdentifierColumn { found: named() }, identifier, false),
            (IngestError::NoRecordColumn { found: counted() }, record, true),
            (IngestError::NoIdentifierColumn { found: counted() }, identifier, true),
            (IngestError::NoHeader { columns: 5 }, record, true),
        ] {
            let problem = unreadable(&error, "a.csv");
            assert_eq!(told(&problem), (code, Exit::Data));
            for lang in Lang::ALL {
                let said = problem.sentence(lang);
                assert_eq!((said.contains("手机号, 备注"), said.contains('5')), (!data, data), "{said}");
            }
            assert_eq!(problem.sentence(Lang::En).contains("data"), data);
        }
    }
}
