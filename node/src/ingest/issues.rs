//! What was wrong with a row, a cell or a value, and the file in which it is told.
//!
//! Comes in: a row number, a record, a column and a reason from the closed list. Goes out: `rejects.csv`, always written,
//! with a header even when nothing was wrong. A message gives the remedy and never the value. Fails: when the writer does.

use std::io::Write;

use lianfang_desk::Lang;

use crate::normalise;
pub use crate::normalise::Severity;

/// One entry of the closed list of codes, with its remedy in both languages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reason {
    /// The stable code.
    pub code: &'static str,
    /// Whether it leaves something out.
    pub severity: Severity,
    /// The remedy in English.
    pub english: &'static str,
    /// The remedy in Chinese.
    pub chinese: &'static str,
}

impl From<&normalise::Issue> for Reason {
    fn from(found: &normalise::Issue) -> Self {
        let (english, chinese) = (found.remedy(Lang::En), found.remedy(Lang::Zh));
        Self { code: found.code.code(), severity: found.severity, english, chinese }
    }
}

/// A reason, and where it applies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Issue {
    /// Number of the row: the header is 1, or of a workbook the sheet's own.
    pub row: u64,
    /// The bank's own case number, where it could be read.
    pub record: String,
    /// The column's name in the product, or the file's own where the product has none.
    pub column: String,
    /// What is wrong.
    pub reason: Reason,
}

impl Issue {
    /// A warning about the table as a whole.
    pub(super) const fn of_header(reason: Reason) -> Self {
        Self { row: 1, record: String::new(), column: String::new(), reason }
    }

    /// An issue that the rules of identifiers found in a row.
    pub fn of_value(row: u64, record: &str, found: &normalise::Issue) -> Self {
        Self { row, record: record.to_owned(), column: found.column.code().to_owned(), reason: found.into() }
    }
}

macro_rules! reasons {
    ($($name:ident = $severity:ident $code:literal, $english:literal, $chinese:literal;)+) => {
        $(#[doc = concat!("`", $code, "`: ", $english)]
        pub const $name: Reason = Reason { code: $code, severity: Severity::$severity, english: $english, chinese: $chinese };)+

        /// Every reason that reading a file can give; the rules of identifiers have a list of their own.
        pub const ALL: &[Reason] = &[$($name,)+];
    };
}

/// The reason with this code and this remedy: one code can have several, by the column.
pub fn find(code: &str, english: &str) -> Option<Reason> {
    let of_values = normalise::Issue::every().map(|issue| Reason::from(&issue));
    ALL.iter().copied().chain(of_values).find(|reason| reason.code == code && reason.english == english)
}

reasons! {
    UNKNOWN_COLUMN = Warning "unknown-column",
        "The column is not known and was ignored; name it with --map if it is wanted.",
        "无法识别该列，已忽略；如需导入，请用 --map 指定。";
    BLANK_HEADER = Warning "blank-header",
        "The column has no header and was ignored; give it a name if it is wanted.",
        "该列没有列名，已忽略；如需导入，请补上列名。";
    LONG_ROW = Reject "long-row",
        "The row has more cells than the header; quote cells that contain the delimiter.",
        "该行单元格多于表头；含分隔符的单元格请加引号。";
    ROW_TOO_LONG = Reject "row-too-long",
        "The row is longer than 1 MiB; shorten its text.",
        "该行超过 1 MiB；请缩短文本。";
    BAD_QUOTES = Reject "bad-quotes",
        "Text follows a closing quote; write a quote inside a quoted cell twice.",
        "结束引号之后还有文字；引号内的引号请写两次。";
    UNCLOSED_QUOTE = Reject "unclosed-quote",
        "A quote is opened and not closed within 1 MiB; close it, or write it twice inside quotes.",
        "引号在 1 MiB 内没有结束；请补上结束引号，或在引号内写两次。";
    EMPTY_RECORD = Reject "empty-record",
        "The row names no record; fill in the case number.",
        "该行没有编号；请填写案件编号。";
    RECORD_TOO_LONG = Reject "record-too-long",
        "The record is longer than 128 bytes; use a shorter case number.",
        "编号超过 128 字节；请使用较短的案件编号。";
    DUPLICATE_RECORD = Reject "duplicate-record",
        "An earlier row of this file has the same record; merge the two rows.",
        "本文件前面已有相同编号的行；请合并两行。";
    RECORD_NUMBER = Reject "record-number-taken",
        "By a rare chance another record has the number under which this one would be kept; write the case number differently.",
        "该编号的内部序号恰与另一记录重复（极罕见）；请换一种写法填写案件编号。";
    VALUE_NUMBER = Reject "value-number-taken",
        "By a rare chance another identifier has the number under which this one would be kept, so it was left out.",
        "该标识的内部序号恰与另一标识重复（极罕见），已略去。";
    CELL_TOO_LONG = Reject "cell-too-long",
        "The cell is longer than its column allows; shorten it.",
        "单元格超过该列允许的长度；请缩短。";
    NUMERIC_CELL = Reject "numeric-cell",
        "The cell is a number, which a spreadsheet or a floating-point column rounds after 15 digits and robs of leading zeros; format the column as text and fill it in again.",
        "该单元格是数字，电子表格或浮点列会在 15 位之后取整并丢掉前导零；请把该列设为文本格式后重新填写。";
    FAULTY_CELL = Reject "faulty-cell",
        "The cell holds an error of a formula, a formula that was never computed, or bytes that are no text; open and save the workbook in Excel or WPS, or correct the cell at its source.",
        "该单元格是公式错误、从未计算过的公式，或不是文本的字节；请用 Excel 或 WPS 打开工作簿并保存，或在源头更正。";
    ABOVE_HEADER = Warning "above-header",
        "Rows above the header were passed over; remove them if that is not right.",
        "已跳过表头之上的行；如有不妥，请删除这些行。";
    FORMULAS = Warning "formulas",
        "The sheet has formulas, of which the values were read that were computed last; open and save it if they may be old.",
        "工作表含有公式，读取的是最近一次计算的值；如可能过期，请打开并重新保存。";
    OTHER_SHEETS = Warning "other-sheets",
        "Other visible sheets, whose places in the workbook stand in the column field, hold registers too and were not read; import each with --sheet, or put them into one.",
        "其他可见工作表（其在工作簿中的序号见列名栏）也含有名单，未予读取；请用 --sheet 逐个导入，或合并到一张工作表。";
    OTHER_FORMAT = Warning "other-format",
        "The file's name says another format than its content; it was read by its content.",
        "文件名所示格式与内容不符；已按内容读取。";
    UNKNOWN_ROLE = Reject "unknown-role",
        "The role is not known and the record enters no job; use agent, agency, complainant or victim.",
        "无法识别角色，该记录不进入任何任务；请用代理人、代理机构、投诉人或受害人。";
    UNKNOWN_HOLD = Reject "unknown-hold",
        "The hold is not known and the record is held; use hardship, dispute, victim or leave it empty.",
        "无法识别限制，该记录按受限处理；请用困难、争议、受害或留空。";
    UNKNOWN_TYPOLOGY = Reject "unknown-typology",
        "The cell names a typology that the catalogue lacks and was left out; use the catalogue's codes or names.",
        "该单元格含有目录以外的类型，已略去；请用目录中的代码或名称。";
    UNKNOWN_GRADE = Reject "unknown-grade",
        "The grade is not known and C was taken; use A, B or C.",
        "无法识别证据等级，按 C 处理；请用 A、B 或 C。";
    BAD_DATE = Reject "bad-date",
        "The date cannot be read and was left out; write it as 2024-01-31.",
        "无法识别日期，已略去；请写成 2024-01-31。";
    DATE_ORDER = Warning "date-order",
        "The last date is before the first; check both.",
        "末次日期早于首次日期；请核对。";
    NO_IDENTIFIER = Warning "no-identifier",
        "The row has no identifier and can match nothing; fill one in.",
        "该行没有任何标识，无法匹配；请至少填写一项。";
}

/// The writer of `rejects.csv`: UTF-8, comma, RFC 4180, LF.
pub struct Rejects<W: Write> {
    rows: csv::Writer<W>,
    language: Lang,
    rejected: u64,
    warned: u64,
}

impl<W: Write> Rejects<W> {
    /// Writes the header.
    pub fn new(into: W, language: Lang) -> csv::Result<Self> {
        let mut rows = csv::Writer::from_writer(into);
        rows.write_record(["row", "record", "column", "severity", "code", "message"])?;
        Ok(Self { rows, language, rejected: 0, warned: 0 })
    }

    /// Writes one issue.
    pub fn write(&mut self, issue: &Issue) -> csv::Result<()> {
        let message = match self.language {
            Lang::En => issue.reason.english,
            Lang::Zh => issue.reason.chinese,
        };
        match issue.reason.severity {
            Severity::Reject => self.rejected += 1,
            Severity::Warning => self.warned += 1,
        }
        let (row, record, column) = (issue.row.to_string(), inert(&issue.record), inert(&issue.column));
        let severity = issue.reason.severity.code();
        self.rows.write_record([&row, &*record, &*column, severity, issue.reason.code, message])
    }

    /// How many rejects were written so far.
    pub const fn rejected(&self) -> u64 {
        self.rejected
    }

    /// How many warnings were written so far.
    pub const fn warned(&self) -> u64 {
        self.warned
    }

    /// Flushes, and gives the writer back.
    pub fn finish(self) -> std::io::Result<W> {
        self.rows.into_inner().map_err(csv::IntoInnerError::into_error)
    }
}

/// A cell that no spreadsheet takes for a formula: one that begins with `=`, `+`, `-` or `@` gets an apostrophe in front,
/// also where the sign is in its full-width form or stands behind white space.
pub fn inert(cell: &str) -> std::borrow::Cow<'_, str> {
    let signs = ['=', '+', '-', '@', '＝', '＋', '－', '＠'];
    if cell.trim_start_matches(|c: char| c.is_whitespace() || c.is_control()).starts_with(signs) {
        format!("'{cell}").into()
    } else {
        cell.into()
    }
}
