//! `otr keys import`.

use std::collections::HashMap;
use std::fmt::Write;
use std::io::{self, IsTerminal};
use std::path::{Path, PathBuf};

use otr_migrate::{
    Found, Importing, Item, Name, Outcome, Places, Plan, PlanError, Problem, Program, Reading, Reason, Step, files_in,
    read,
};
use zeroize::Zeroizing;

use super::Error;
use super::home::Home;
use crate::accounts::Password;
use crate::error::Error as ProgramError;
use crate::readable::one_line;
use crate::{args, outside, passphrase};

/// The arguments of `otr keys import`.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The program: pidgin, adium, irssi, hexchat, xchat, profanity, mcabber, bitlbee, psi, psi-plus, kopete, thunderbird,
    /// tor-messenger, weechat, gajim, jitsi, chatsecure or coyim; by default every one that is found here
    #[arg(long, value_name = "PROGRAM")]
    from: Option<Program>,
    /// A file, or a directory with files, instead of where programs keep theirs
    #[arg(long, value_name = "PATH")]
    file: Option<PathBuf>,
    /// Say what would be done, and change nothing
    #[arg(long)]
    dry_run: bool,
    /// Take only what belongs to this account, as the program names it
    #[arg(long, value_name = "NAME")]
    account: Option<String>,
    /// Call the account this, if what it is called here does not follow from its name there
    #[arg(long = "as", value_name = "ACCOUNT", value_parser = args::parse_name)]
    name: Option<String>,
    /// The protocol that goes with --as; not needed with an address such as irc:nick@irc.example.org
    #[arg(long, value_name = "NAME", requires = "name", value_parser = args::parse_name)]
    protocol: Option<String>,
    /// Put a key in place of another that the account has here
    #[arg(long)]
    replace: bool,
    /// Take over that a fingerprint is verified even where it is here as not verified, perhaps because that was taken back
    #[arg(long)]
    trust: bool,
    /// Take instance tags as well; the other program must then not be used any more
    #[arg(long)]
    instance_tags: bool,
    /// Read private keys even from files that other users of this machine can read
    #[arg(long)]
    accept_exposed: bool,
}

pub(super) fn run(home: &Home, args: &Args) -> Result<(), ProgramError> {
    let (mut store, _elsewhere) = if args.dry_run { home.look()? } else { (home.open()?, None) };
    // Only who asks for it gets at what may be somebody else's.
    let places = Places { system: args.from.map(|_| "/".into()), ..places() };
    let found = find(args, &places)?;
    let mut out = String::new();
    let mut say = |line: String| {
        // Writing to a text does not fail.
        let _ = writeln!(out, "{line}");
    };
    for file in &found.files {
        say(format!("read {}", one_line(&file.display().to_string())));
    }
    let unread = found.problems.len();
    for problem in &found.problems {
        say(format!("not read: {}{}", one_line(&problem.to_string()), remedy(problem)));
    }
    let name =
        args.name.as_ref().map(|name| super::account::find(&store, name, args.protocol.as_deref())).transpose()?;
    let how = Importing {
        only: args.account.clone(),
        name,
        replace: args.replace,
        trust: args.trust,
        instance_tags: args.instance_tags,
    };
    let plan = Plan::new(found, &store, &how).map_err(|error| match error {
        PlanError::Several(several) => Error::Several(several).into(),
        PlanError::Store(error) => ProgramError::Store(error),
        error => Error::NothingFound(format!(": {error}")).into(),
    })?;
    for (account, steps) in by_account(plan.steps()) {
        say(heading(account));
        for step in steps {
            say(format!("  {}", describe(step)));
        }
    }
    if !args.dry_run {
        plan.carry_out(&mut store, outside::wall_clock())?;
    }
    say(summary(plan.steps(), args.dry_run));
    super::say(&out)?;
    if unread == 0 { Ok(()) } else { Err(Error::NotAllRead(unread).into()) }
}

/// What the files hold; encrypted ones after the passphrase was asked for.
fn find(args: &Args, places: &Places) -> Result<Found, ProgramError> {
    let sets = sets(args, places)?;
    let mut all = Found::default();
    let mut passphrase = None;
    for Set { program, files } in sets {
        let accept_exposed = args.accept_exposed;
        let mut how = Reading { program, places: Some(places), accept_exposed, passphrase: None };
        let mut found = read(&files, &how);
        if !found.locked.is_empty() {
            let typed = match passphrase.take() {
                Some(typed) => typed,
                None => ask()?,
            };
            how.passphrase = Some(typed.clone());
            passphrase = Some(typed);
            found = read(&files, &how);
        }
        all.append(found);
    }
    if all.files.is_empty() {
        return Err(Error::NothingFound(String::new()).into());
    }
    Ok(all)
}

/// Files that belong together.
struct Set {
    /// Whose they are, if that is known.
    program: Option<Program>,
    files: Vec<PathBuf>,
}

/// Which files, and of which program they are.
fn sets(args: &Args, places: &Places) -> Result<Vec<Set>, Error> {
    let of = |program: Program| Set { program: Some(program), files: program.files(places) };
    match (&args.file, args.from) {
        (Some(path), program) => Ok(vec![Set { program, files: files(path, program)? }]),
        (None, Some(program)) => Ok(vec![of(program)]),
        (None, None) => Ok(Program::all().map(of).collect()),
    }
}

fn files(path: &Path, program: Option<Program>) -> Result<Vec<PathBuf>, Error> {
    let metadata =
        std::fs::metadata(path).map_err(|error| Error::Read { path: path.to_owned(), kind: error.kind() })?;
    Ok(match program {
        _ if !metadata.is_dir() => vec![path.to_owned()],
        Some(program) => program.files_in(path),
        None => files_in(path),
    })
}

/// Where programs keep their files here.
pub(super) fn places() -> Places {
    let mut places = args::user_directory("HOME").map(Places::below).unwrap_or_default();
    places.data = args::user_directory("XDG_DATA_HOME").or(places.data);
    places.config = args::user_directory("XDG_CONFIG_HOME").or(places.config);
    places.roaming = args::user_directory("APPDATA");
    places
}

/// The passphrase of an encrypted file: typed, or the first line of standard input.
fn ask() -> Result<Zeroizing<String>, ProgramError> {
    if io::stdin().is_terminal() {
        return Ok(passphrase::typed("Passphrase of the encrypted file: ")?);
    }
    let line = Password::first_line(io::stdin().lock()).map_err(Error::Passphrase)?;
    Ok(Zeroizing::new(line.reveal().to_owned()))
}

/// What an account is called there and here.
type Account<'a> = (&'a Name, Option<&'a Name>);

/// The steps of each account, in the order in which accounts and steps were found.
fn by_account(steps: &[Step]) -> Vec<(Account<'_>, Vec<&Step>)> {
    let mut places = HashMap::new();
    let mut all: Vec<(Account<'_>, Vec<&Step>)> = Vec::new();
    for step in steps {
        let account = (&step.theirs, step.ours.as_ref());
        let place = *places.entry(account).or_insert(all.len());
        match all.get_mut(place) {
            Some((_, steps)) => steps.push(step),
            None => all.push((account, vec![step])),
        }
    }
    all
}

fn heading((theirs, ours): Account<'_>) -> String {
    let shown = |name: &Name| {
        let account = if name.account.is_empty() { "(no account)".to_owned() } else { one_line(&name.account) };
        if name.protocol.is_empty() { account } else { format!("{account} ({})", one_line(&name.protocol)) }
    };
    match ours {
        Some(ours) => format!("{} -> {}{}", shown(theirs), shown(ours), used_by(ours)),
        None => format!("{} -> no name here", shown(theirs)),
    }
}

/// How `otr chat` comes by it.
fn used_by(ours: &Name) -> String {
    let network = match ours.protocol.as_str() {
        otr_migrate::XMPP => "xmpp",
        otr_migrate::IRC => "irc",
        _ => return String::new(),
    };
    format!(", for \"otr chat {network}:{}\"", one_line(&ours.account))
}

fn describe(step: &Step) -> String {
    let (item, trusted) = match &step.item {
        Item::Key(key) => (format!("key {}", key.public_key().fingerprint()), ""),
        Item::Fingerprint { contact, fingerprint, trust } => {
            let trusted = if trust.is_empty() { ", not verified" } else { ", verified" };
            (format!("{} {fingerprint}", one_line(contact)), trusted)
        }
        Item::InstanceTag(tag) => (format!("instance tag {tag:08x}"), ""),
        _ => ("something".to_owned(), ""),
    };
    let outcome = match step.outcome {
        Outcome::Taken => "taken".to_owned(),
        Outcome::Replaces(old) => format!("taken in place of {old}"),
        Outcome::Verifies => "known here, and verified from now on".to_owned(),
        Outcome::Known => "known here already".to_owned(),
        Outcome::Left(reason) => format!("not taken: {reason}{}", advice(reason)),
        _ => "seen".to_owned(),
    };
    format!("{item}{trusted}: {outcome}")
}

/// Which argument helps.
fn remedy(problem: &Problem) -> &'static str {
    match problem {
        Problem::File(otr_store::Error::Exposed { .. }) => ", with --accept-exposed",
        _ => "",
    }
}

/// Which argument helps.
fn advice(reason: Reason) -> &'static str {
    match reason {
        Reason::Unnamed(_) => "; say it with --as, and --account if there are several",
        Reason::OtherKey(_) | Reason::OtherTag(_) => "; --replace takes this one in its place",
        Reason::NotVerified => "; --trust takes over that it is verified",
        Reason::SecondKey(_) => "; choose one with --account",
        Reason::InUse => "; --instance-tags takes it",
        _ => "",
    }
}

fn summary(steps: &[Step], dry_run: bool) -> String {
    let count = |wanted: fn(&Outcome) -> bool| steps.iter().filter(|step| wanted(&step.outcome)).count();
    let known = count(|outcome| matches!(outcome, Outcome::Known));
    let left = count(|outcome| matches!(outcome, Outcome::Left(_)));
    let taken = steps.len() - known - left;
    let nothing = if dry_run { "; this was a dry run, and nothing was changed" } else { "" };
    format!("{taken} taken, {known} known already, {left} not taken{nothing}")
}
