//! Who typed a command, for logs: the login behind a process, as the kernel knows it.
//!
//! Comes in: a process, or the kernel's word on the other end of a socket (`SO_PEERCRED`). Goes out: a name. A person who
//! works under a service's account through `su` or `sudo` is still named: the kernel keeps the user id of the login
//! (`proc(5)`, `/proc/PID/loginuid`), and a process without privileges cannot change it. Where there was no login it is the
//! process's own user. Never sees: the environment, in which anybody can write any name. Fails: never; a user without a
//! name is shown by number.

use std::fs;
use std::os::unix::fs::MetadataExt as _;

use tokio::net::unix::UCred;

/// What stands in `loginuid` where nobody has logged in.
const NOBODY: u32 = u32::MAX;
const USERS: &str = "/etc/passwd";

/// The person behind this process.
pub fn own() -> String {
    let user = fs::metadata("/proc/self").map(|about| about.uid()).ok();
    named(login("self").or(user))
}

/// The person at the other end of a socket.
pub(crate) fn of_peer(peer: &UCred) -> String {
    let login = peer.pid().and_then(|pid| login(&pid.to_string()));
    named(login.or(Some(peer.uid())))
}

fn login(process: &str) -> Option<u32> {
    let text = fs::read_to_string(format!("/proc/{process}/loginuid")).ok()?;
    text.trim().parse().ok().filter(|uid| *uid != NOBODY)
}

fn named(uid: Option<u32>) -> String {
    let Some(uid) = uid else { return "unknown".to_owned() };
    let users = fs::read_to_string(USERS).unwrap_or_default();
    name_in(&users, uid).map_or_else(|| format!("uid {uid}"), str::to_owned)
}

/// The name of a user in a file of the form of `passwd(5)`.
fn name_in(users: &str, uid: u32) -> Option<&str> {
    users.lines().find_map(|line| {
        let mut fields = line.split(':');
        let (name, found) = (fields.next()?, fields.nth(1)?);
        (found.parse() == Ok(uid) && !name.is_empty() && !name.chars().any(char::is_control)).then_some(name)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_user_is_found_by_number() {
        let users = "root:x:0:0:root:/:/bin/sh\n\nbroken\nli:x:1001:100::/:\nli2:x:1001:1::/:\n";
        assert_eq!(name_in(users, 0), Some("root"));
        assert_eq!(name_in(users, 1001), Some("li"));
        assert_eq!(name_in(users, 100), None);
    }

    #[tokio::test]
    async fn both_ends_of_a_socket_in_one_process_are_one_person() {
        let (one, _other) = tokio::net::UnixStream::pair().unwrap();
        assert_eq!(of_peer(&one.peer_cred().unwrap()), own());
        assert!(!own().is_empty());
    }
}
