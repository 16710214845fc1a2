//! The reader's language: `--lang`, else `LANG`, else English.

use clap::ValueEnum;
use serde::{Deserialize, Serialize};

/// A language that a person may read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Lang {
    /// English.
    En,
    /// Chinese, simplified.
    Zh,
}

impl Lang {
    /// Both languages.
    pub const ALL: [Self; 2] = [Self::En, Self::Zh];

    /// The flag wins over the environment's `LANG`; whatever does not begin with `zh` is English.
    pub fn choose(flag: Option<Self>, environment: Option<&str>) -> Self {
        flag.unwrap_or_else(|| match environment {
            Some(value) if value.get(..2).is_some_and(|start| start.eq_ignore_ascii_case("zh")) => Self::Zh,
            _ => Self::En,
        })
    }

    /// As the value of `--lang`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::En => "en",
            Self::Zh => "zh",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flag_before_environment_before_english() {
        assert_eq!(Lang::choose(Some(Lang::En), Some("zh_CN.UTF-8")), Lang::En);
        assert_eq!(Lang::choose(None, Some("zh_CN.UTF-8")), Lang::Zh);
        assert_eq!(Lang::choose(None, Some("ZH")), Lang::Zh);
        assert_eq!(Lang::choose(None, Some("C.UTF-8")), Lang::En);
        assert_eq!(Lang::choose(None, Some("中")), Lang::En);
        assert_eq!(Lang::choose(None, Some("")), Lang::En);
        assert_eq!(Lang::choose(None, None), Lang::En);
    }
}
