//! A key that is made, as its user sees it.

use super::User;
use crate::support::terminal::Terminal;

/// Ctrl-C comes too late if the key is there before it; that many times in a row it is not.
const TRIES: usize = 20;

// attack: FILE-10
#[cfg(target_os = "linux")]
#[test]
fn progress_is_shown_and_ctrl_c_leaves_nothing_behind() {
    for _ in 0..TRIES {
        let user = User::new();
        let mut terminal = Terminal::open(user.home(), &["keys", "generate", "xmpp:me@example.org"]);
        terminal.wait_for("making a key for me@example.org");
        terminal.press("\u{3}");
        let (code, shown) = terminal.end();
        if code == Some(0) {
            assert!(user.keys(&["list"]).contains("  key  "), "{shown}");
            continue;
        }
        assert_eq!(code, Some(1), "{shown}");
        assert!(shown.contains("(Ctrl-C stops)") && shown.contains("no key was made"), "{shown}");
        assert_eq!(user.keys(&["list"]), "nothing is kept here yet\n");
        assert!(user.everything().iter().all(|(_, bytes)| bytes.is_empty()), "{:?}", user.everything());
        return;
    }
    panic!("a key is always made before Ctrl-C arrives");
}
