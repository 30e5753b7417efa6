//! What taking over the keys of the programs in a home directory would do. Without an argument, that is a home made up
//! here.

#![expect(clippy::print_stdout, reason = "that is what an example is for")]

use std::error::Error;
use std::path::{Path, PathBuf};
use std::{env, fs};

use otr_migrate::{Found, Importing, Item, Outcome, Places, Plan, Program, Reading, read};
use otr_store::Store;

fn main() -> Result<(), Box<dyn Error>> {
    let scratch = tempfile::tempdir()?;
    let home = match env::args_os().nth(1) {
        Some(home) => PathBuf::from(home),
        None => make_up(scratch.path())?,
    };
    let places = Places::below(home);
    let mut found = Found::default();
    for program in Program::all() {
        let how = Reading { program: Some(program), places: Some(&places), ..Reading::default() };
        found.append(read(&program.files(&places), &how));
    }
    for problem in &found.problems {
        println!("not read: {problem}");
    }
    let plan = Plan::new(found, &Store::open(scratch.path().join("otr"))?, &Importing::default())?;
    for step in plan.steps() {
        let what = match &step.item {
            Item::Key(key) => format!("key {}", key.public_key().fingerprint()),
            Item::Fingerprint { contact, fingerprint, .. } => format!("{contact:?}, {fingerprint}"),
            Item::InstanceTag(tag) => format!("instance tag {tag:08x}"),
            _ => "something else".to_owned(),
        };
        match step.outcome {
            Outcome::Left(reason) => println!("{:?}: {what}: left, since {reason}", step.theirs.account),
            outcome => println!("{:?}: {what}: {outcome:?}", step.theirs.account),
        }
    }
    Ok(())
}

/// A home with a little of two programs in it.
fn make_up(directory: &Path) -> Result<PathBuf, Box<dyn Error>> {
    let home = directory.join("home");
    let digits = "0707070707070707070707070707070707070707";
    for (file, line) in [
        (
            ".purple/otr.fingerprints",
            format!("you@example.org\tme@example.org/home\tprpl-jabber\t{digits}\tverified\n"),
        ),
        (".irssi/otr/otr.fp", format!("you\tliberachat\tIRC\t{digits}\tsmp\n")),
    ] {
        let path = home.join(file);
        fs::create_dir_all(path.parent().unwrap_or(&home))?;
        fs::write(path, line)?;
    }
    Ok(home)
}
