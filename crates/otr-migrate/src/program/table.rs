//! Where each program keeps its files, and what they are called.

use super::{Entry, Layout, Names, Program};
use crate::places::Base::{Config, Data, Home, Roaming, System};
use crate::places::Pattern;

/// Every program. Several places are those of different systems and versions.
pub(super) const TABLE: [Entry; 18] = [
    Entry {
        program: Program::Pidgin,
        name: "pidgin",
        layout: Layout::Files(LIBOTR),
        places: &[Pattern(Home, ".purple"), Pattern(Roaming, ".purple")],
    },
    Entry {
        program: Program::Adium,
        name: "adium",
        layout: Layout::Files(LIBOTR),
        places: &[Pattern(Home, "Library/Application Support/Adium 2.0/Users/*")],
    },
    Entry {
        program: Program::Irssi,
        name: "irssi",
        layout: Layout::Files(IRSSI),
        places: &[Pattern(Home, ".irssi/otr")],
    },
    Entry {
        program: Program::HexChat,
        name: "hexchat",
        layout: Layout::Files(IRSSI),
        places: &[Pattern(Config, "hexchat/otr"), Pattern(Roaming, "HexChat/otr")],
    },
    Entry {
        program: Program::XChat,
        name: "xchat",
        layout: Layout::Files(IRSSI),
        places: &[Pattern(Home, ".xchat2/otr"), Pattern(Roaming, "X-Chat 2/otr")],
    },
    Entry {
        program: Program::Profanity,
        name: "profanity",
        layout: Layout::Files(PROFANITY),
        places: &[Pattern(Data, "profanity/otr/*")],
    },
    Entry {
        program: Program::MCabber,
        name: "mcabber",
        layout: Layout::PerAccount(MCABBER),
        places: &[Pattern(Home, ".mcabber/otr")],
    },
    Entry {
        program: Program::BitlBee,
        name: "bitlbee",
        layout: Layout::PerAccount(BITLBEE),
        places: &[Pattern(System, "var/lib/bitlbee"), Pattern(Home, ".bitlbee")],
    },
    Entry {
        program: Program::Psi,
        name: "psi",
        layout: Layout::Files(PSI),
        places: &[
            Pattern(Data, "psi/profiles/*"),
            Pattern(Home, ".psi/profiles/*"),
            Pattern(Roaming, "psi/profiles/*"),
        ],
    },
    Entry {
        program: Program::PsiPlus,
        name: "psi-plus",
        layout: Layout::Files(PSI),
        places: &[Pattern(Data, "psi+/profiles/*"), Pattern(Roaming, "Psi+/profiles/*")],
    },
    Entry {
        program: Program::Kopete,
        name: "kopete",
        layout: Layout::Files(KOPETE),
        places: &[
            Pattern(Data, "kopete_otr"),
            Pattern(Home, ".kde/share/apps/kopete_otr"),
            Pattern(Home, ".kde4/share/apps/kopete_otr"),
        ],
    },
    Entry {
        program: Program::Thunderbird,
        name: "thunderbird",
        layout: Layout::Files(LIBOTR),
        places: &[
            Pattern(Home, ".thunderbird/*"),
            Pattern(Home, "Library/Thunderbird/Profiles/*"),
            Pattern(Roaming, "Thunderbird/Profiles/*"),
        ],
    },
    Entry {
        program: Program::TorMessenger,
        name: "tor-messenger",
        layout: Layout::Files(LIBOTR),
        places: &[
            Pattern(Home, "tor-messenger/Messenger/TorMessenger/Data/Browser/profile.default"),
            Pattern(Home, "Library/Application Support/TorMessenger-Data/Browser/*"),
        ],
    },
    Entry {
        program: Program::WeeChat,
        name: "weechat",
        layout: Layout::Potr,
        places: &[Pattern(Home, ".weechat/otr"), Pattern(Data, "weechat/otr")],
    },
    Entry {
        program: Program::Gajim,
        name: "gajim",
        layout: Layout::Potr,
        places: &[Pattern(Data, "gajim"), Pattern(Roaming, "Gajim")],
    },
    Entry {
        program: Program::Jitsi,
        name: "jitsi",
        layout: Layout::Own(&["sip-communicator.properties"]),
        places: &[
            Pattern(Home, ".jitsi"),
            Pattern(Home, "Library/Application Support/Jitsi"),
            Pattern(Roaming, "Jitsi"),
        ],
    },
    Entry {
        program: Program::ChatSecure,
        name: "chatsecure",
        layout: Layout::Own(&["otr_keystore", "otr_keystore.ofcaes", "otr_keystore.ofc"]),
        places: &[],
    },
    Entry {
        program: Program::CoyIm,
        name: "coyim",
        layout: Layout::Own(&["accounts.json", "accounts.json.enc"]),
        places: &[Pattern(Config, "coyim"), Pattern(Roaming, "coyim")],
    },
];

/// libotr's own names.
pub(crate) const LIBOTR: Names = names("otr.private_key", "otr.fingerprints", Some("otr.instance_tags"));
const IRSSI: Names = names("otr.key", "otr.fp", Some("otr.instag"));
const PSI: Names = names("otr.keys", "otr.fingerprints", Some("otr.instags"));
const KOPETE: Names = names("privkeys", "fingerprints", Some("instags"));
const PROFANITY: Names = names("keys.txt", "fingerprints.txt", None);
const MCABBER: Names = names(".key", ".fpr", Some(".tag"));
const BITLBEE: Names = names(".otr_keys", ".otr_fprints", Some(".otr_instags"));

const fn names(keys: &'static str, fingerprints: &'static str, tags: Option<&'static str>) -> Names {
    Names { keys, fingerprints, instance_tags: tags }
}
