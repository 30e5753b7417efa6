//! Passwords of accounts, from every place they may come from to the server, and nowhere else.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;
use std::thread::{self, JoinHandle};

use tempfile::TempDir;

use crate::support::process::{Process, otr};
use crate::support::terminal::Terminal;

/// `nick`, twice, and `sesame`, as SASL's PLAIN sends it.
const SESAME: &str = "AG5pY2sAc2VzYW1l";

/// An IRC server that hears one login, and refuses it.
struct Server {
    address: String,
    login: JoinHandle<String>,
}

impl Server {
    fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("irc:nick@{}", listener.local_addr().unwrap());
        let login = thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            for line in BufReader::new(stream.try_clone().unwrap()).lines() {
                let line = line.unwrap();
                let answer = match line.as_str() {
                    "CAP LS 302" => "CAP * LS :sasl=PLAIN",
                    "CAP REQ :sasl" => "CAP * ACK :sasl",
                    "AUTHENTICATE PLAIN" => "AUTHENTICATE +",
                    _ => match line.strip_prefix("AUTHENTICATE ") {
                        Some(secret) => {
                            stream.write_all(b":irc.example 904 nick :no\r\n").unwrap();
                            return secret.to_owned();
                        }
                        None => continue,
                    },
                };
                stream.write_all(format!("{answer}\r\n").as_bytes()).unwrap();
            }
            "nobody has logged in".to_owned()
        });
        Self { address, login }
    }

    /// What the server was given as the password, by a program that then says that it is refused.
    fn heard(self, chat: Process) -> String {
        let (lines, errors, status) = chat.finish();
        assert_eq!((status.code(), lines.len(), errors.len()), (Some(1), 0, 1), "{lines:?} {errors:?}");
        assert!(errors[0].ends_with("the network refused the login"), "{errors:?}");
        self.login.join().unwrap()
    }
}

fn chat(account: &str, more: &[&str]) -> Command {
    otr(&[&["chat", account, "--ephemeral", "--with", "you", "--tls", "none"], more].concat())
}

/// A file with the password, that nobody else may read.
fn file(directory: &TempDir) -> String {
    let path = directory.path().join("password");
    fs::write(&path, "sesame\nand more\n").unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
    path.to_str().unwrap().to_owned()
}

#[test]
fn options_say_where_the_password_is() {
    let directory = tempfile::tempdir().unwrap();
    let server = Server::start();
    let command = chat(&server.address, &["--password-file", &file(&directory)]);
    assert_eq!(server.heard(Process::spawn(command)), SESAME);

    let server = Server::start();
    let mut command = chat(&server.address, &["--password-env", "SECRET_OF_THE_TEST"]);
    command.env("SECRET_OF_THE_TEST", "sesame");
    assert_eq!(server.heard(Process::spawn(command)), SESAME);
}

#[test]
fn the_config_says_where_the_password_is() {
    let directory = tempfile::tempdir().unwrap();
    let file = file(&directory);
    for source in [
        "password_file = \"password\"".to_owned(),
        format!("password_command = [\"sh\", \"-c\", \"cat {file}; seq 99999\"]"),
    ] {
        let server = Server::start();
        let config = directory.path().join("config.toml");
        let account = format!("[accounts.work]\naddress = \"{}\"\nsasl_account = \"nick\"\n{source}\n", server.address);
        fs::write(&config, account).unwrap();
        let command = chat("work", &["--config", config.to_str().unwrap()]);
        assert_eq!(server.heard(Process::spawn(command)), SESAME, "{source}");
    }
}

#[test]
fn the_keyring_keeps_a_password_until_it_is_to_forget_it() {
    let server = Server::start();
    let address = server.address.clone();
    let mut set = Process::spawn(otr(&["password", "set", &address]));
    set.line("sesame");
    let (_, said, status) = set.finish();
    if !status.success() {
        // A container may have it closed off; that is to be said.
        assert!(said.len() == 1 && said[0].contains("keyring") && said[0].contains("cannot be used"), "{said:?}");
        return;
    }
    assert!(said[0].contains(&format!("the kernel's keyring has the password of {address} now")), "{said:?}");
    assert_eq!(server.heard(Process::spawn(chat(&address, &["--password-keyring"]))), SESAME);

    assert!(Process::spawn(otr(&["password", "forget", &address])).finish().2.success());
    for command in [otr(&["password", "forget", &address]), chat(&address, &["--password-keyring"])] {
        let (_, errors, status) = Process::spawn(command).finish();
        assert_eq!((status.code(), errors.len()), (Some(1), 1), "{errors:?}");
        assert!(errors[0].contains("keyring"), "{errors:?}");
    }
}

#[test]
fn a_password_is_typed_unseen() {
    let home = tempfile::tempdir().unwrap();
    let server = Server::start();
    let config = home.path().join("config.toml");
    let account = format!("[accounts.work]\naddress = \"{}\"\nsasl_account = \"nick\"\n", server.address);
    fs::write(&config, account).unwrap();
    let args = ["chat", "work", "--config", "config.toml", "--ephemeral", "--with", "you", "--tls", "none"];
    let mut terminal = Terminal::open(home.path(), &args);
    terminal.wait_for("Password for irc:nick@");
    terminal.wait_unseen();
    terminal.press("sesame\n");
    let (code, shown) = terminal.end();
    assert_eq!(code, Some(1), "{shown}");
    assert!(shown.contains("the network refused the login") && !shown.contains("sesame"), "{shown}");
    assert_eq!(server.login.join().unwrap(), SESAME);
}

#[test]
fn what_is_wrong_with_a_password_is_said_before_anybody_is_called() {
    let directory = tempfile::tempdir().unwrap();
    let missing = directory.path().join("missing");
    let empty = directory.path().join("empty");
    fs::write(&empty, "\n").unwrap();
    fs::set_permissions(&empty, fs::Permissions::from_mode(0o600)).unwrap();
    let text = |path: &Path| path.to_str().unwrap().to_owned();
    for (option, value, expected) in [
        ("--password-file", text(&missing), "cannot read the password file"),
        ("--password-file", text(&empty), "cannot be used: it is empty"),
        (
            "--password-env",
            "NOT_SET_ANYWHERE".to_owned(),
            "NOT_SET_ANYWHERE, which is to hold the password, is not set",
        ),
    ] {
        let (_, errors, status) = Process::spawn(chat("irc:nick@127.0.0.1:1", &[option, &value])).finish();
        assert_eq!((status.code(), errors.len()), (Some(1), 1), "{errors:?}");
        assert!(errors[0].contains(expected), "{errors:?}");
    }
    let (_, errors, _) =
        Process::spawn(otr(&["chat", "xmpp:me@127.0.0.1", "--ephemeral", "--with", "you@a", "--tls", "none"])).finish();
    assert!(errors[0].contains("cannot be asked for, as there is no terminal; use --password-file"), "{errors:?}");
}
