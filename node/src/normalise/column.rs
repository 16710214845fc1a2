//! The closed list of identifier columns of a register, and the places at which an issue can be found.
//!
//! Comes in: a column's code. Goes out: the column. The everyday headers that mean a column are the importer's matter.

/// Stamps out the list with its codes and the longest value, in characters, that a column takes.
macro_rules! columns {
    ($($(#[$doc:meta])* $variant:ident = $code:literal, $longest:literal;)+) => {
        /// An identifier column. A column is not a kind: one column may give values of several kinds.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Column { $($(#[$doc])* $variant,)+ }

        impl Column {
            /// Every identifier column, in the order of the interface.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];

            /// The header, as reports of rejects name it.
            pub const fn code(self) -> &'static str {
                match self { $(Self::$variant => $code,)+ }
            }

            /// The column with this code.
            pub fn from_code(code: &str) -> Option<Self> {
                match code { $($code => Some(Self::$variant),)+ _ => None }
            }

            /// The longest value after NFKC, in characters.
            pub(super) const fn longest(self) -> usize {
                match self { $(Self::$variant => $longest,)+ }
            }
        }
    };
}

columns! {
    /// 身份证号.
    CnId = "cn-id", 64;
    /// 手机号; a fixed line in it is read as one.
    Mobile = "mobile", 64;
    /// 固定电话; a mobile in it is read as one.
    Landline = "landline", 64;
    /// 银行卡号.
    BankCard = "bank-card", 64;
    /// 账号; a card in it is read as one.
    Account = "account", 64;
    /// 统一社会信用代码; gives the organisation code inside it, too.
    Uscc = "uscc", 64;
    /// 组织机构代码.
    OrgCode = "org-code", 64;
    /// 邮箱; may give a QQ number, too.
    Email = "email", 320;
    /// 微信; a mobile in it is read as one.
    Wechat = "wechat", 64;
    /// QQ number.
    Qq = "qq", 64;
    /// 支付宝: an account number, a mobile or an e-mail address.
    Alipay = "alipay", 320;
    /// 港澳通行证.
    HkMoPermit = "hk-mo-permit", 64;
    /// 护照.
    Passport = "passport", 64;
    /// 车牌.
    Plate = "plate", 64;
    /// 地址; gives up to three levels.
    Address = "address", 256;
    /// 快递单号.
    Waybill = "waybill", 64;
    /// 设备号.
    Device = "device", 128;
    /// 链接.
    Url = "url", 2048;
    /// 应用: a package name.
    App = "app", 255;
}

/// Where an issue was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Place {
    /// In a cell of this column.
    Cell(Column),
    /// In the name.
    Name,
    /// In the birth date.
    BirthDate,
}

impl Place {
    /// The header of the column, as reports of rejects name it.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Cell(column) => column.code(),
            Self::Name => "name",
            Self::BirthDate => "birth_date",
        }
    }
}
