//! A screen that nobody sees and a message bus, for a client with windows.

use std::process::Command;

use super::super::{Line, Program, Stream};
use super::home::{Home, output};
use super::wait::PATIENCE;
use crate::interop::Failure;

/// Without folders of services, a call to a program that is gone fails at once instead of starting another.
const BUS: &str = r#"<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN" "busconfig.dtd">
<busconfig>
  <type>session</type>
  <listen>unix:tmpdir=/tmp</listen>
  <auth>EXTERNAL</auth>
  <policy context="default">
    <allow send_destination="*" eavesdrop="true"/>
    <allow eavesdrop="true"/>
    <allow own="*"/>
  </policy>
</busconfig>
"#;

/// An X server and a D-Bus of its own. Both end when this is dropped.
#[derive(Debug)]
pub(super) struct Desktop {
    home: Home,
    display: String,
    bus: String,
    _programs: [Program; 2],
}

impl Desktop {
    /// Starts both.
    pub(super) fn start(home: &Home) -> Result<Self, Failure> {
        let mut x = home.command("Xvfb");
        x.args(["-displayfd", "1", "-screen", "0", "1100x800x24", "-nolisten", "tcp", "-noreset"]);
        let (x, display) =
            started("Xvfb", x, |line| !line.is_empty() && line.bytes().all(|byte| byte.is_ascii_digit()))?;
        home.write("bus.conf", BUS)?;
        let mut daemon = home.command("dbus-daemon");
        daemon.args(["--config-file=bus.conf", "--nofork", "--nopidfile", "--print-address=1"]);
        let (daemon, bus) = started("dbus-daemon", daemon, |line| line.starts_with("unix:"))?;
        Ok(Self { home: home.clone(), display: format!(":{display}"), bus, _programs: [x, daemon] })
    }

    /// A command that sees the screen and the bus.
    pub(super) fn command(&self, program: &str) -> Command {
        let mut command = self.home.command(program);
        command.env("DISPLAY", &self.display).env("DBUS_SESSION_BUS_ADDRESS", &self.bus);
        // One bus is enough for what programs tell of their windows, too.
        command.env("AT_SPI_BUS_ADDRESS", &self.bus);
        command
    }

    /// Presses, types and clicks: xdotool(1).
    pub(super) fn xdotool(&self, arguments: &[&str]) -> Result<String, Failure> {
        output(self.command("xdotool").args(arguments))
    }

    /// Calls a method over the bus and gives the answer as dbus-send(1) writes it, without its first line. `object` is
    /// the name of the service and the path, `arguments` are typed, as `string:hello`.
    pub(super) fn call(&self, object: [&str; 2], method: &str, arguments: &[&str]) -> Result<String, Failure> {
        let [service, path] = object;
        let mut send = self.command("dbus-send");
        send.args(["--session", "--print-reply", "--reply-timeout=10000", &format!("--dest={service}"), path, method]);
        let reply = output(send.args(arguments))?;
        Ok(reply.split_once('\n').map(|(_, values)| values.to_owned()).unwrap_or_default())
    }
}

/// The numbers and truth values in an answer, in their order.
pub(super) fn numbers(answer: &str) -> Vec<i64> {
    let words: Vec<_> = answer.split_whitespace().collect();
    let typed = words.windows(2).filter(|pair| matches!(pair, ["int32" | "uint32" | "boolean", _]));
    let number = |word: &str| if word == "true" { Some(1) } else { word.parse().ok() };
    typed.filter_map(|pair| number(pair.last()?)).collect()
}

/// The text of an answer that is one text.
pub(super) fn text(answer: &str) -> String {
    let begun = answer.split_once("string \"").map(|(_, rest)| rest).unwrap_or_default();
    begun.rsplit_once('"').map(|(text, _)| text.to_owned()).unwrap_or_default()
}

/// Starts a program that says on its first line where it is to be found.
fn started(name: &str, command: Command, is_it: impl Fn(&str) -> bool) -> Result<(Program, String), Failure> {
    let program = Home::start(name, command)?;
    let mut found = String::new();
    let wanted = |line: &Line| {
        found.clone_from(&line.text);
        line.stream == Stream::Output && is_it(&line.text)
    };
    program.wait(0, PATIENCE, "where it is", wanted).map_err(|silent| Failure(silent.to_string()))?;
    Ok((program, found))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_read() {
        assert_eq!(numbers("   array [\n      int32 4711\n      int32 -3\n   ]\n"), [4711, -3]);
        assert_eq!(numbers("   uint32 7\n"), [7]);
        assert_eq!(numbers("   boolean true\n"), [1]);
        assert_eq!(text("   string \"he said \"hi\"\nand left\"\n"), "he said \"hi\"\nand left");
        assert_eq!(text("   string \"\"\n"), "");
    }
}
