//! `cargo xtask no-std`: otr-wire and otr-crypto in a program without std. See tests/no-std.

use std::path::Path;

use crate::error::Error;
use crate::shell::{self, cargo, command, target_directory};

/// A processor without an operating system; tried where its core library is installed.
const BARE: &str = "thumbv7em-none-eabihf";

pub(crate) fn run() -> Result<(), Error> {
    let target = target_directory()?.join("no-std");
    let build = |arguments: &[&str]| {
        let mut build = cargo(&["build", "--quiet", "--manifest-path", "tests/no-std/Cargo.toml", "--target-dir"]);
        build.arg(&target).args(arguments);
        build
    };
    shell::run(&mut build(&[]))?;
    println!("no-std: otr-wire and otr-crypto link without std");
    if has_core(BARE) {
        shell::run(&mut build(&["--target", BARE]))?;
        println!("no-std: and for {BARE}");
    } else {
        println!("no-std: {BARE} is not installed (rustup target add {BARE}), so it was not built for");
    }
    Ok(())
}

fn has_core(target: &str) -> bool {
    let libraries = shell::output(command("rustc").args(["--print", "target-libdir", "--target", target]));
    libraries.is_ok_and(|folder| Path::new(folder.trim()).is_dir())
}
