//! What both programs can be set to that an operator should know of.

use super::Finding;
use crate::http;
use crate::log::{self, Level};

/// Whether what is seen from outside is seen by too many, or says too much.
pub fn configuration(http: Option<&http::Settings>, log: &log::Settings) -> Finding {
    if let Some(http) = http
        && http.address().is_ok_and(|address| !address.ip().is_loopback())
    {
        return Finding::warn("configuration", "doctor-config-remote").with("address", http.listen.as_str());
    }
    if log.level == Level::Debug {
        return Finding::warn("configuration", "doctor-config-debug");
    }
    Finding::ok("configuration", "doctor-config-ok")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_others_reach_and_what_says_too_much_is_told() {
        let (info, debug) =
            (log::Settings::default(), log::Settings { level: Level::Debug, ..log::Settings::default() });
        let at = |listen: &str| http::Settings { listen: listen.to_owned(), allow_remote: true };
        let code =
            |http: Option<&http::Settings>, log: &log::Settings| configuration(http, log).code().to_owned();
        assert_eq!(code(None, &info), "doctor-config-ok");
        assert_eq!(code(Some(&at("127.0.0.1:9464")), &info), "doctor-config-ok");
        assert_eq!(code(Some(&at("10.1.2.3:9464")), &debug), "doctor-config-remote");
        assert_eq!(code(None, &debug), "doctor-config-debug");
    }
}
