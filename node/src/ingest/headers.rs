//! From a header line to the columns of a register.
//!
//! Comes in: the cells of the header, and names of the user's own from `--map`. Goes out: which cell is which column.
//! Headers are compared after NFKC, trimmed, case folded, with `_` and blanks read as `-`. An unknown header is a
//! warning; one name twice, also by two synonyms, is bad usage, for nobody can say which of the two is meant.
//! Never sees: a row, unless the first line is one: then nothing of it is repeated, but where three of four of its cells are
//! words of headers, for then it passes for them. Fails: with the headers found, of which anything that looks like a value
//! is not repeated, and with their number alone where the line may be data.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use unicode_normalization::UnicodeNormalization;

use super::issues::{self, Issue};
use super::line::{COLUMNS, Cells};
use super::{IngestError, cells};
use crate::normalise::Column as Identifier;

/// A column that a register may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Column {
    /// The bank's own case number.
    Record,
    /// What the subject is.
    Role,
    /// Typologies of the catalogue.
    Typology,
    /// Evidence grade.
    Grade,
    /// Legal basis code.
    Basis,
    /// First date.
    FirstSeen,
    /// Last date.
    LastSeen,
    /// Why the record is kept out of jobs.
    Hold,
    /// Digest of evidence, or a reference to it.
    Evidence,
    /// Free text that stays at the bank.
    Note,
    /// Name of the subject.
    Name,
    /// Birth date of the subject.
    BirthDate,
    /// Identifiers; the rules of the column say of which kinds.
    Identifier(Identifier),
    /// The text of a complaint; read by a later stage.
    Letter,
}

impl Column {
    /// The name in the product, as `rejects.csv` and the preview write it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Record => "record",
            Self::Role => "role",
            Self::Typology => "typology",
            Self::Grade => "grade",
            Self::Basis => "basis",
            Self::FirstSeen => "first_seen",
            Self::LastSeen => "last_seen",
            Self::Hold => "hold",
            Self::Evidence => "evidence",
            Self::Note => "note",
            Self::Name => "name",
            Self::BirthDate => "birth_date",
            Self::Identifier(column) => column.code(),
            Self::Letter => "letter",
        }
    }

    /// Every header that is known, folded, with its column.
    pub fn synonyms() -> impl Iterator<Item = (&'static str, Self)> {
        SYNONYMS.iter().flat_map(|(column, names)| names.split(' ').map(|name| (name, *column)))
    }

    /// The column that a header means, in the product's names and the everyday ones.
    pub fn from_header(header: &str) -> Option<Self> {
        let folded = fold(header);
        SYNONYMS
            .iter()
            .find(|(_, names)| names.split(' ').any(|name| name == folded))
            .map(|&(column, _)| column)
    }
}

/// Folded headers of every column, with blanks between. An ambiguous everyday word (phone, card) goes to the commoner
/// member of its family, and the form of a value decides in the end.
#[rustfmt::skip]
const SYNONYMS: &[(Column, &str)] = &[
    (Column::Record, "record record-id case-id case-no 编号 案件编号 案件号 案号 案件编码 记录号 记录编号 业务编号 \
        投诉编号 投诉单号 工单号 工单编号 受理编号"),
    (Column::Role, "role 角色 主体角色 人员角色"),
    (Column::Typology, "typology typologies 类型 案件类型 行为类型 类型代码"),
    (Column::Grade, "grade 证据等级 等级 证据级别"),
    (Column::Basis, "basis 依据 法律依据 依据代码 处理依据"),
    (Column::FirstSeen, "first-seen 首次日期 首次时间 首次发现日期 首次出现日期 首次投诉日期"),
    (Column::LastSeen, "last-seen 末次日期 末次时间 最近日期 最后日期 末次出现日期 末次投诉日期"),
    (Column::Hold, "hold 限制 限制标识 限制原因 保护标识"),
    (Column::Evidence, "evidence 证据 证据摘要 证据编号 证据材料"),
    (Column::Note, "note notes remark remarks 备注 说明"),
    (Column::Name, "name 姓名 客户姓名 客户名称 投诉人姓名 代理人姓名 当事人姓名 姓名全称"),
    (Column::BirthDate, "birth-date birthdate birthday date-of-birth 出生日期 出生年月日 生日"),
    (Column::Letter, "letter 投诉内容 投诉信 投诉文本"),
    (Column::Identifier(Identifier::CnId), "cn-id id-card id-no id-number 身份证号 身份证号码 身份证 身份证件号 身份证件号码 居民身份证 \
        居民身份证号 居民身份证号码 公民身份号码 证件号 证件号码 客户证件号码 客户身份证号"),
    (Column::Identifier(Identifier::Mobile), "mobile mobile-no mobile-phone phone 手机号 手机号码 手机 移动电话 联系电话 联系方式 联系手机 \
        联系手机号 客户手机号 电话 电话号码 来电号码 预留手机号"),
    (Column::Identifier(Identifier::Landline), "landline telephone tel 固定电话 固话 座机 座机号 座机号码 单位电话 办公电话 家庭电话 住宅电话"),
    (Column::Identifier(Identifier::BankCard), "bank-card card-no card-number 银行卡号 银行卡 银行卡号码 卡号 信用卡号 信用卡 借记卡号 收款卡号 \
        付款卡号"),
    (Column::Identifier(Identifier::Account), "account account-no account-number 账号 帐号 账户 帐户 银行账号 银行帐号 银行账户 账户号 \
        收款账号 收款账户 付款账号 对公账号"),
    (Column::Identifier(Identifier::Uscc), "uscc credit-code 统一社会信用代码 统一信用代码 社会信用代码 信用代码 企业信用代码"),
    (Column::Identifier(Identifier::OrgCode), "org-code organization-code 组织机构代码 机构代码 组织机构代码证号 组织机构代码证"),
    (Column::Identifier(Identifier::Email), "email e-mail mail 邮箱 电子邮箱 电子邮件 邮件 邮箱地址 电子邮箱地址 邮件地址"),
    (Column::Identifier(Identifier::Wechat), "wechat wechat-id weixin 微信 微信号 微信账号 微信id"),
    (Column::Identifier(Identifier::Qq), "qq qq-no qq-number qq号 qq号码 qq账号"),
    (Column::Identifier(Identifier::Alipay), "alipay alipay-id 支付宝 支付宝账号 支付宝帐号 支付宝账户 支付宝号"),
    (Column::Identifier(Identifier::HkMoPermit), "hk-mo-permit 港澳通行证 港澳通行证号 港澳通行证号码 港澳居民来往内地通行证 \
        港澳居民来往内地通行证号 港澳居民来往内地通行证号码 回乡证 回乡证号"),
    (Column::Identifier(Identifier::Passport), "passport passport-no passport-number 护照 护照号 护照号码"),
    (Column::Identifier(Identifier::Plate), "plate plate-no license-plate 车牌 车牌号 车牌号码 机动车号牌"),
    (Column::Identifier(Identifier::Address), "address 地址 联系地址 通讯地址 通信地址 家庭地址 住址 居住地址 寄件地址 寄件人地址 收件地址 \
        邮寄地址 单位地址 注册地址 经营地址"),
    (Column::Identifier(Identifier::Waybill), "waybill waybill-no tracking-number 快递单号 快递号 运单号 运单号码 物流单号 邮件号"),
    (Column::Identifier(Identifier::Device), "device device-id 设备号 设备编号 设备id 设备标识 设备指纹 imei"),
    (Column::Identifier(Identifier::Url), "url link 链接 网址 链接地址 网站 网页链接"),
    (Column::Identifier(Identifier::App), "app app-id package-name 应用 应用包名 应用名 包名"),
];

/// Characters of a header that nobody knows which are repeated.
const HEADER_SHOWN: usize = 12;

/// The form in which headers are compared.
pub(super) fn fold(header: &str) -> String {
    // A zero character stays and so spoils the name: UTF-16 without its mark must not pass for ASCII.
    let visible: String = header.chars().filter(|&c| c == '\0' || !cells::is_invisible(c)).nfkc().collect();
    visible
        .trim()
        .to_lowercase()
        .chars()
        .map(|c| if c == '_' || c.is_whitespace() { '-' } else { c })
        .collect()
}

/// Headers of the user's own, from `--map`: a TOML file of lines `"their header" = "our column"`.
#[derive(Clone, Debug, Default)]
pub struct HeaderMap {
    names: BTreeMap<String, Option<Column>>,
}

impl HeaderMap {
    /// The word that leaves a column out, for a file in which two headers mean one column.
    pub const IGNORE: &'static str = "ignore";

    /// Reads the file's text.
    pub fn from_toml(text: &str) -> Result<Self, IngestError> {
        let lines: BTreeMap<String, String> = toml::from_str(text).map_err(|_| IngestError::BadMap)?;
        let mut names = BTreeMap::new();
        for (theirs, ours) in lines {
            let column = match Column::from_header(&ours) {
                None if fold(&ours) == Self::IGNORE => None,
                None => return Err(IngestError::UnknownMapTarget { column: shown(&ours) }),
                some => some,
            };
            if names.insert(fold(&theirs), column).is_some() {
                return Err(IngestError::RepeatedHeader { header: shown(&theirs) });
            }
        }
        Ok(Self { names })
    }

    /// What a header means: a column, nothing on purpose, or something unknown.
    fn meaning(&self, header: &str) -> Meaning {
        match self.names.get(&fold(header)) {
            Some(Some(column)) => Meaning::Column(*column),
            Some(None) => Meaning::Ignored,
            None => Column::from_header(header).map_or(Meaning::Unknown, Meaning::Column),
        }
    }

    /// Whether a header means a column.
    #[cfg(any(feature = "parquet", feature = "postgres", feature = "mysql"))]
    pub(super) fn knows(&self, header: &str) -> bool {
        matches!(self.meaning(header), Meaning::Column(_))
    }

    /// Whether a line is one of headers, so that an error may tell those of its cells which nobody knows. In a line of data
    /// some cells can be known words, too: a complaint came by 电话, about a 信用卡; and in a form each value stands behind
    /// its own word. So two cells must be known, and three of four that are filled.
    fn heads(&self, header: &Cells) -> bool {
        let (mut filled, mut known) = (0, 0);
        for cell in header.iter().filter(|cell| !fold(cell).is_empty()) {
            filled += 1;
            known += usize::from(!matches!(self.meaning(cell), Meaning::Unknown));
        }
        known >= 2 && known * 4 >= filled * 3
    }

    /// How many headers mean a column.
    pub(super) fn known(&self, header: &Cells) -> usize {
        header.iter().filter(|cell| matches!(self.meaning(cell), Meaning::Column(_))).count()
    }
}

enum Meaning {
    Column(Column),
    Ignored,
    Unknown,
}

/// Where headers come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Origin {
    /// A line of the table that should be one of headers.
    Line,
    /// The table's own description of its columns.
    Schema,
}

/// What an error tells of the headers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Headers {
    /// The headers; those that look like values by their places.
    Named(String),
    /// How many cells the line has, which may be one of data.
    Counted(usize),
}

impl fmt::Display for Headers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Named(headers) => write!(f, "headers found: {headers}"),
            Self::Counted(cells) => write!(f, "the first line has {cells} cells and may be data"),
        }
    }
}

/// How an error tells headers: in a line that may be data, by their places and their number alone.
#[derive(Clone, Copy)]
struct Teller {
    heads: bool,
}

impl Teller {
    fn told(self, index: usize, cell: &str) -> String {
        if self.heads { shown_at(index, cell) } else { place(index) }
    }

    fn all(self, header: &Cells) -> Headers {
        if !self.heads {
            return Headers::Counted(header.count);
        }
        let told: Vec<_> = header.iter().enumerate().map(|(index, cell)| self.told(index, cell)).collect();
        Headers::Named(told.join(", "))
    }
}

/// Which cell of a row is which column.
#[derive(Clone, Debug)]
pub(super) struct Layout {
    /// Number of cells in the header.
    pub(super) width: usize,
    places: BTreeMap<Column, usize>,
}

impl Layout {
    /// Reads a header; issues are the columns that were ignored.
    pub(super) fn new(
        header: &Cells,
        map: &HeaderMap,
        origin: Origin,
    ) -> Result<(Self, Vec<Issue>), IngestError> {
        if header.count > COLUMNS {
            return Err(IngestError::TooManyColumns { found: header.count });
        }
        // Before anything of it is repeated: somebody's data may stand here. A schema has none.
        if origin == Origin::Line && map.known(header) == 0 {
            return Err(IngestError::NoHeader { columns: header.count });
        }
        let teller = Teller { heads: origin == Origin::Schema || map.heads(header) };
        let (mut places, mut seen, mut issues) = (BTreeMap::new(), BTreeSet::new(), Vec::new());
        for (index, cell) in header.iter().enumerate() {
            let name = fold(cell);
            if name.is_empty() {
                issues.push(warning(place(index), issues::BLANK_HEADER));
                continue;
            }
            let twice = match map.meaning(cell) {
                Meaning::Column(column) => places.insert(column, index).is_some(),
                Meaning::Ignored => false,
                Meaning::Unknown => {
                    // Told only with a layout that is accepted, and then the line is one of headers: an error drops it.
                    issues.push(warning(shown_at(index, cell), issues::UNKNOWN_COLUMN));
                    false
                }
            };
            if !seen.insert(name) || twice {
                return Err(IngestError::RepeatedHeader { header: teller.told(index, cell) });
            }
        }
        let layout = Self { width: header.count, places };
        layout.required(|| teller.all(header))?;
        Ok((layout, issues))
    }

    fn required(&self, found: impl Fn() -> Headers) -> Result<(), IngestError> {
        if self.place(Column::Record).is_none() {
            return Err(IngestError::NoRecordColumn { found: found() });
        }
        let named = self.place(Column::Name).is_some() && self.place(Column::BirthDate).is_some();
        if self.identifiers().next().is_none() && !named {
            return Err(IngestError::NoIdentifierColumn { found: found() });
        }
        Ok(())
    }

    /// Where a column stands.
    pub(super) fn place(&self, column: Column) -> Option<usize> {
        self.places.get(&column).copied()
    }

    /// The columns that the file has, in the order of the product.
    pub(super) fn columns(&self) -> impl Iterator<Item = Column> {
        self.places.keys().copied()
    }

    /// The identifier columns and where they stand.
    pub(super) fn identifiers(&self) -> impl Iterator<Item = (Identifier, usize)> {
        self.places.iter().filter_map(|(column, &index)| match column {
            Column::Identifier(identifier) => Some((*identifier, index)),
            _ => None,
        })
    }
}

fn warning(column: String, reason: issues::Reason) -> Issue {
    Issue { row: 1, record: String::new(), column, reason }
}

/// A name as it may be repeated that no row of a table gave: of a sheet, of a column with a type, in a map.
pub(super) fn shown(name: &str) -> String {
    let plain = plain(name);
    let digits = plain.chars().filter(|c| c.is_numeric()).count();
    if digits > 4 || plain.contains('@') || plain.chars().count() > 40 { "(?)".to_owned() } else { plain }
}

/// A cell of a header as it may be repeated: a file without a header line has a person's data in its place. What could be
/// a name or a number of somebody is told by its place alone.
fn shown_at(index: usize, cell: &str) -> String {
    let plain = plain(cell);
    if Column::from_header(cell).is_none()
        && (plain.chars().any(|c| c.is_numeric() || c == '@') || plain.chars().count() > HEADER_SHOWN)
    {
        place(index)
    } else {
        plain
    }
}

/// A cell by its place alone, the first being 1.
fn place(index: usize) -> String {
    format!("#{}", index + 1)
}

fn plain(text: &str) -> String {
    let text = text.replace('\0', "␀");
    let plain: String = text.chars().filter(|&c| !cells::is_invisible(c)).nfkc().collect();
    plain.trim().to_owned()
}
