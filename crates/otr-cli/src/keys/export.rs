//! `otr keys export`.

use std::fmt::Write;
use std::path::PathBuf;

use otr_migrate::{Destination, Export, Exported, Places, Program, Target};

use super::home::Home;
use super::import::places;
use super::{Error, account};
use crate::args;
use crate::error::Error as ProgramError;
use crate::readable::one_line;

/// The arguments of `otr keys export`.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The program: pidgin, irssi, hexchat, xchat, profanity, mcabber, bitlbee, weechat or gajim
    #[arg(long, value_name = "PROGRAM", required_unless_present = "file")]
    to: Option<Program>,
    /// The directory, instead of where the program keeps its files; alone, for files with the names of libotr
    #[arg(long, value_name = "DIR")]
    file: Option<PathBuf>,
    /// The account; needed if there are several
    #[arg(long, value_name = "ACCOUNT", value_parser = args::parse_name)]
    account: Option<String>,
    /// The account's protocol, as libotr's programs call it
    #[arg(long, value_name = "NAME", value_parser = args::parse_name)]
    protocol: Option<String>,
    /// What the other program calls the account, where that cannot be told
    #[arg(long = "as", value_name = "NAME", value_parser = args::parse_name)]
    name: Option<String>,
    /// Put the key in place of another that the account has there; what was there is kept beside it
    #[arg(long)]
    replace: bool,
    /// Give the instance tag away as well; this program must then not be used any more
    #[arg(long)]
    instance_tags: bool,
    /// Say what would be done, and change nothing
    #[arg(long)]
    dry_run: bool,
}

pub(super) fn run(home: &Home, args: &Args) -> Result<String, ProgramError> {
    let store = home.open()?;
    let ours = account::find_or_only(&store, args.account.as_deref(), args.protocol.as_deref())?;
    let key = store.identity(&ours.account, &ours.protocol)?.ok_or_else(|| Error::NoKey(one_line(&ours.account)))?;
    let known = store.fingerprints()?.records;
    let to = Destination { program: args.to, directory: args.file.as_deref(), account: args.name.as_deref() };
    let places = Places { system: Some("/".into()), ..places() };
    let target = Target::find(&ours, &to, &places).map_err(Error::from)?;
    let tag = store.instance_tag(&ours.account, &ours.protocol)?;
    let instance_tag = tag.filter(|_| args.instance_tags);
    let what = Exported { name: &ours, key: Some(&key), fingerprints: &known, instance_tag };
    let export = Export::new(&what, &target, args.replace).map_err(Error::from)?;
    if !args.dry_run {
        target.make_directory().and_then(|()| export.carry_out()).map_err(Error::from)?;
    }
    let theirs = target.name();
    let mut out = format!(
        "{} ({}) -> {} ({})\n",
        one_line(&ours.account),
        one_line(&ours.protocol),
        one_line(&theirs.account),
        one_line(&theirs.protocol)
    );
    for file in export.files() {
        let what = if file.changes { "written" } else { "has it all already" };
        // Writing to a text does not fail.
        let _ = writeln!(out, "  {} {what}", one_line(&file.path.display().to_string()));
    }
    if args.dry_run {
        out.push_str("this was a dry run, and nothing was changed\n");
    } else {
        out.push_str("a program that is running may overwrite this when it ends: better restart it now\n");
    }
    Ok(out)
}
