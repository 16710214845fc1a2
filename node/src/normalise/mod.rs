//! The normaliser, rule set 1: what two banks must write the same way, byte for byte, before anything is blinded.
//!
//! Comes in: the text of one cell with the column it stood in, or a name with a birth date; and the day of import.
//! Goes out: [`Findings`]: canonical identifiers, each of one kind, and issues that say by code and remedy what was
//! refused or is odd. Never sees: files, records, keys, tags; it has no clock and does no I/O. Trusts: nobody, a cell
//! is any string. Fails: never; a value that a rule refuses becomes an issue and its neighbours go on.
//!
//! The order of every text is: split, remove the invisible, NFKC and trim, strip or fold by kind, traps (`text`). Each
//! kind then has its own file, which names the standard behind its check. No issue ever carries a value.

mod address;
mod canonical;
mod card;
mod cn_id;
mod column;
mod device;
mod firm;
mod gathering;
mod issue;
mod mask;
mod name_birth;
mod online;
mod permit;
mod phone;
mod text;
mod web;

use jiff::civil::Date;

pub use canonical::Canonical;
pub use column::{Column, Place};
pub use issue::{Issue, IssueCode, Severity};

use gathering::Gathering;

/// The version of the rules in this module; it is part of every job's terms and of every tag's input.
pub const RULE_SET: u16 = 1;

/// The largest cell that is looked at, in bytes of UTF-8.
pub const CELL_BYTES: usize = 64 * 1024;

/// The largest single value that is looked at before it is normalised, in bytes of UTF-8.
const VALUE_BYTES: usize = 8 * 1024;

/// What one cell, or one name with its birth date, gave.
#[derive(Default)]
pub struct Findings {
    /// The canonical identifiers, without repetition, in their order.
    pub values: Vec<Canonical>,
    /// What was refused or is odd, in the order of the cell.
    pub issues: Vec<Issue>,
}

/// The rules with the one thing they depend on: the day of import.
#[derive(Clone, Copy, Debug)]
pub struct Rules {
    today: Date,
}

impl Rules {
    /// Rules that take no birth date after `today`.
    pub const fn new(today: Date) -> Self {
        Self { today }
    }

    /// Reads one cell of an identifier column. An empty cell gives nothing and is no issue.
    pub fn cell(&self, column: Column, cell: &str) -> Findings {
        let mut out = Gathering::new(Place::Cell(column));
        if cell.len() > CELL_BYTES {
            out.refuse(IssueCode::CellTooLong);
            return out.finish();
        }
        for raw in text::values(cell) {
            if raw.len() > VALUE_BYTES {
                out.refuse(IssueCode::ValueTooLong);
                continue;
            }
            let value = text::prepare(raw);
            if value.is_empty() {
                continue;
            }
            if value.chars().count() > column.longest() {
                out.refuse(IssueCode::ValueTooLong);
                continue;
            }
            if let Err(code) = self.value(column, &value, &mut out) {
                out.refuse(code);
            }
        }
        out.finish()
    }

    /// Reads a name and a birth date, which together make one identifier. Where either is empty there is none, and
    /// that is no issue: a name alone never matches anything.
    pub fn name_birth(&self, name: &str, birth_date: &str) -> Findings {
        name_birth::read(name, birth_date, self.today)
    }

    fn value(self, column: Column, value: &text::Prepared, out: &mut Gathering) -> Result<(), IssueCode> {
        match column {
            Column::CnId => cn_id::read(value, self.today, out),
            Column::Mobile | Column::Landline => phone::read(value, column, out),
            Column::BankCard | Column::Account => card::read(value, column, out),
            Column::Uscc => firm::uscc(value, out),
            Column::OrgCode => firm::org_code(value, out),
            Column::Email => online::email(value, out),
            Column::Wechat => online::wechat(value, out),
            Column::Qq => online::qq(value, out),
            Column::Alipay => online::alipay(value, out),
            Column::HkMoPermit => permit::hk_mo(value, out),
            Column::Passport => permit::passport(value, out),
            Column::Plate => permit::plate(value, out),
            Column::Address => address::read(value, out),
            Column::Waybill => device::waybill(value, out),
            Column::Device => device::device(value, out),
            Column::Url => web::url(value, out),
            Column::App => web::app(value, out),
        }
    }
}
