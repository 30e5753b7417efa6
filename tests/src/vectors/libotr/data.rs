//! Conversations: every message decrypted by its receiver, made again by its sender, and put in its place in the
//! history of keys, counters and revealed MAC keys.

use std::collections::{BTreeMap, BTreeSet};

use otr_crypto::{DataKeys, DhKeyPair};
use otr_wire::{
    Counter, Data, DataEncoder, DataFields, Flags, Header, KeyId, MAX_MESSAGE, Message, Mpi, Payload, Plaintext, Tlv,
    TlvType, armour,
};
use serde::Deserialize;

use crate::vectors::{
    Case, Group, Library, Problem,
    derived::check_sending,
    keys::DhPair,
    kinds::Problems,
    problem::{holds, same},
    value::{Hex, Tag},
};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Shared {
    version: u16,
    /// What the recorder's dice started from; it says nothing about any message.
    #[serde(rename = "seed")]
    _seed: u64,
    alice: Begin,
    bob: Begin,
    order: Vec<Step>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Begin {
    instance_tag: Tag,
    our_keyid: u32,
    our_dh: DhPair,
    our_old_dh: DhPair,
    their_keyid: u32,
    their_y: Hex,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Step {
    Send(u64),
    Receive(u64),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Person {
    Alice,
    Bob,
}

impl Person {
    const fn other(self) -> Self {
        match self {
            Self::Alice => Self::Bob,
            Self::Bob => Self::Alice,
        }
    }
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Sent {
    from: Person,
    text: Hex,
    tlvs: Vec<Record>,
    message_flags: u8,
    wire: String,
    sender_keyid: u32,
    recipient_keyid: u32,
    counter: Hex,
    sender_dh: DhPair,
    recipient_dh: DhPair,
    next_dh: DhPair,
    sending_aes_key: Hex,
    sending_mac_key: Hex,
    extra_key: Hex,
    revealed_mac_keys: Vec<Hex>,
}

#[derive(Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
struct Record {
    r#type: u16,
    value: Hex,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Refused {
    from: Person,
    wire: String,
}

pub(crate) fn check(group: &Group, _: &Library) -> Problems {
    let mut talk = match group.fields::<Shared>().and_then(Talk::begin) {
        Ok(talk) => talk,
        Err(problem) => return vec![(None, problem)],
    };
    let mut problems = Problems::new();
    let cases: BTreeMap<u64, &Case> = group.tests.iter().map(|case| (case.id, case)).collect();
    for step in std::mem::take(&mut talk.order) {
        let (Step::Send(id) | Step::Receive(id)) = step;
        let done = match (step, cases.get(&id)) {
            (_, None) => Err(Problem::new("the order names a case of another group")),
            (Step::Send(_), Some(case)) => talk.send(case),
            (Step::Receive(_), Some(case)) if case.is_valid() => talk.receive(case),
            (Step::Receive(_), Some(case)) => talk.refuse(case),
        };
        problems.extend(done.err().map(|problem| (Some(id), problem)));
    }
    let left = cases.keys().filter(|id| !talk.done.contains(*id));
    problems.extend(left.map(|&id| (Some(id), Problem::new("the order leaves it out"))));
    problems
}

/// A conversation so far.
struct Talk {
    tags: BTreeMap<Person, Tag>,
    /// Every Diffie-Hellman key, by owner and serial number.
    keys: BTreeMap<(Person, u32), DhPair>,
    pairs: BTreeMap<Vec<u8>, DhKeyPair>,
    order: Vec<Step>,
    sent: BTreeMap<u64, Sent>,
    done: BTreeSet<u64>,
    /// The highest counter accepted, by sender and both serial numbers.
    counters: BTreeMap<(Person, u32, u32), u64>,
    /// MAC keys a person has verified something with, and not revealed yet.
    used_mac_keys: BTreeSet<(Person, Hex)>,
}

impl Talk {
    fn begin(shared: Shared) -> Result<Self, Problem> {
        same("version", 3, shared.version)?;
        let Shared { alice, bob, order, .. } = shared;
        let mut keys = BTreeMap::new();
        for (person, ours, theirs) in [(Person::Alice, &alice, &bob), (Person::Bob, &bob, &alice)] {
            let old = ours.our_keyid.checked_sub(1).ok_or_else(|| Problem::new("a keyid is zero"))?;
            same("the key the other has", &ours.their_y, &theirs.our_old_dh.public)?;
            same("its number", ours.their_keyid + 1, theirs.our_keyid)?;
            keys.insert((person, ours.our_keyid), ours.our_dh.clone());
            keys.insert((person, old), ours.our_old_dh.clone());
        }
        Ok(Self {
            tags: BTreeMap::from([(Person::Alice, alice.instance_tag), (Person::Bob, bob.instance_tag)]),
            keys,
            pairs: BTreeMap::new(),
            order,
            sent: BTreeMap::new(),
            done: BTreeSet::new(),
            counters: BTreeMap::new(),
            used_mac_keys: BTreeSet::new(),
        })
    }

    fn header(&self, from: Person) -> Result<Header, Problem> {
        let tag = |person| self.tags.get(&person).ok_or_else(|| Problem::new("nobody"))?.get();
        Ok(Header::V3 { sender: tag(from)?, receiver: Some(tag(from.other())?) })
    }

    /// Our key pair for a recorded one, made once.
    fn pair(&mut self, pair: &DhPair) -> Result<&DhKeyPair, Problem> {
        if !self.pairs.contains_key(&pair.private.0) {
            self.pairs.insert(pair.private.0.clone(), pair.get()?);
        }
        let known = self.pairs.get(&pair.private.0).ok_or_else(|| Problem::new("no pair"))?;
        same("g^x", Hex::from(known.public().as_bytes()), pair.public.clone())?;
        Ok(known)
    }

    /// The keys that `own` shares with `other`, as `own` has them.
    fn data_keys(&mut self, own: &DhPair, other: &DhPair) -> Result<DataKeys, Problem> {
        let other = self.pair(other)?.public().clone();
        let own = self.pair(own)?;
        Ok(own.agree(&other)?.data_keys(own.public(), &other))
    }

    fn send(&mut self, case: &Case) -> Result<(), Problem> {
        holds("only accepted messages are sent", case.is_valid())?;
        let sent: Sent = case.fields()?;
        let next = sent.sender_keyid + 1;
        same("sender's key", Some(&sent.sender_dh), self.keys.get(&(sent.from, sent.sender_keyid)))?;
        same("receiver's key", Some(&sent.recipient_dh), self.keys.get(&(sent.from.other(), sent.recipient_keyid)))?;
        let known_next = self.keys.entry((sent.from, next)).or_insert_with(|| sent.next_dh.clone());
        same("next key", &sent.next_dh, known_next)?;
        self.pair(&sent.next_dh.clone())?;
        for key in &sent.revealed_mac_keys {
            let was_used = self.used_mac_keys.remove(&(sent.from, key.clone()));
            holds("a revealed MAC key has verified something received", was_used)?;
        }
        self.check_sent(&sent)?;
        holds("it is sent once", self.sent.insert(case.id, sent).is_none())
    }

    /// The sender's side: our code makes the same message.
    fn check_sent(&mut self, sent: &Sent) -> Result<(), Problem> {
        let header = self.header(sent.from)?;
        let keys = self.data_keys(&sent.sender_dh, &sent.recipient_dh)?;
        check_sending(&keys, &sent.sending_aes_key, &sent.sending_mac_key)?;
        same("extra key", Hex::from(keys.extra.as_bytes().as_slice()), sent.extra_key.clone())?;

        let fields = DataFields {
            flags: Flags(sent.message_flags),
            sender_keyid: KeyId::try_from(sent.sender_keyid)?,
            recipient_keyid: KeyId::try_from(sent.recipient_keyid)?,
            next_dh: Mpi::new(&sent.next_dh.public.0)?,
            counter: Counter::try_from(u64::from_be_bytes(sent.counter.array()?))?,
        };
        let revealed: Vec<u8> = sent.revealed_mac_keys.iter().flat_map(|key| &key.0).copied().collect();
        let tlvs = sent.tlvs.iter().map(|tlv| Tlv::new(TlvType(tlv.r#type), &tlv.value.0));
        let plaintext = Plaintext { text: &sent.text.0, tlvs: tlvs.collect::<Result<_, _>>()?, cut_short: false };
        let mut encoder = DataEncoder::new(header, &fields, &plaintext, revealed.len());
        keys.sending.encrypt(fields.counter.get(), encoder.text_mut());
        let mac = keys.sending.mac(encoder.authenticated());
        same("our message", armour::encode(&encoder.finish(&mac, &revealed)), sent.wire.clone())
    }

    fn receive(&mut self, case: &Case) -> Result<(), Problem> {
        holds("it is received once", self.done.insert(case.id))?;
        let sent = self.sent.remove(&case.id).ok_or_else(|| Problem::new("it is received before it is sent"))?;
        let bytes = armour::decode(sent.wire.as_bytes(), MAX_MESSAGE)?;
        let message = Message::decode(&bytes)?;
        same("header", message.header, self.header(sent.from)?)?;
        same("encoded again", Hex(message.encode()), Hex(bytes.clone()))?;
        let data = data(&message)?;
        self.check_received(&sent, &data)?;

        let row = (sent.from, sent.sender_keyid, sent.recipient_keyid);
        let last = self.counters.insert(row, data.counter.get());
        holds("the counter rises", last < Some(data.counter.get()))?;
        self.used_mac_keys.insert((sent.from.other(), sent.sending_mac_key.clone()));
        self.sent.insert(case.id, sent);
        Ok(())
    }

    /// The receiver's side: our code reads what was sent.
    fn check_received(&mut self, sent: &Sent, data: &Data<'_>) -> Result<(), Problem> {
        same("flags", data.flags.0, sent.message_flags)?;
        same("sender keyid", data.sender_keyid.get(), sent.sender_keyid)?;
        same("recipient keyid", data.recipient_keyid.get(), sent.recipient_keyid)?;
        same("counter", Hex(data.counter.get().to_be_bytes().to_vec()), sent.counter.clone())?;
        same("next key", Hex::from(data.next_dh.as_bytes()), sent.next_dh.public.clone())?;
        let revealed: Vec<u8> = sent.revealed_mac_keys.iter().flat_map(|key| &key.0).copied().collect();
        same("revealed MAC keys", Hex::from(data.revealed), Hex(revealed))?;

        let keys = self.data_keys(&sent.recipient_dh, &sent.sender_dh)?;
        keys.receiving.verify(data.authenticated(), data.mac)?;
        let mut decrypted = data.encrypted.to_vec();
        keys.receiving.decrypt(data.counter.get(), &mut decrypted);
        let plaintext = Plaintext::decode(&decrypted);
        same("text", Hex::from(plaintext.text), sent.text.clone())?;
        holds("the records are whole", !plaintext.cut_short)?;
        let tlvs = plaintext.tlvs.iter().map(|tlv| Record { r#type: tlv.kind().0, value: tlv.value().into() });
        holds(
            "the records are those",
            tlvs.eq(sent.tlvs.iter().map(|tlv| Record { r#type: tlv.r#type, value: tlv.value.clone() })),
        )?;
        same("extra key", Hex::from(keys.extra.as_bytes().as_slice()), sent.extra_key.clone())?;
        let mac_key = keys.receiving.reveal();
        same("receiving MAC key", Hex::from(mac_key.as_bytes().as_slice()), sent.sending_mac_key.clone())
    }

    /// A message that is not accepted: forged from, or equal to, one that is.
    fn refuse(&mut self, case: &Case) -> Result<(), Problem> {
        let Refused { from, wire } = case.fields()?;
        let bytes = armour::decode(wire.as_bytes(), MAX_MESSAGE)?;
        let message = Message::decode(&bytes)?;
        same("header", message.header, self.header(from)?)?;
        let data = data(&message)?;
        let (sender, recipient) = (data.sender_keyid.get(), data.recipient_keyid.get());
        let key = |keys: &BTreeMap<_, DhPair>, owner, number| -> Result<DhPair, Problem> {
            keys.get(&(owner, number)).cloned().ok_or_else(|| Problem::new("an unknown key"))
        };
        let (theirs, ours) = (key(&self.keys, from, sender)?, key(&self.keys, from.other(), recipient)?);
        let verified = self.data_keys(&ours, &theirs)?.receiving.verify(data.authenticated(), data.mac);
        let originals = || self.sent.values().filter(|sent| sent.from == from);
        if case.has_flag("WrongMac") {
            holds("the MAC is refused", verified.is_err())?;
            let is_forged_from = |sent: &Sent| one_bit_of_mac(&bytes, &sent.wire);
            holds("one bit of the MAC of a message sent is turned", originals().any(is_forged_from))?;
        } else if case.has_flag("Replay") {
            verified?;
            holds("it was sent before", originals().any(|sent| sent.wire == wire))?;
            let last = self.counters.get(&(from, sender, recipient)).copied();
            holds("its counter was seen", last >= Some(data.counter.get()))?;
        } else {
            return Err(Problem::new("no flag says why it is refused"));
        }
        holds("it comes once", self.done.insert(case.id))
    }
}

fn data<'a>(message: &Message<'a>) -> Result<Data<'a>, Problem> {
    match message.payload {
        Payload::Data(data) => Ok(data),
        _ => Err(Problem::new("it is no Data message")),
    }
}

fn one_bit_of_mac(forged: &[u8], original: &str) -> bool {
    let Ok(original) = armour::decode(original.as_bytes(), MAX_MESSAGE) else { return false };
    let bits: u32 = forged.iter().zip(&original).map(|(a, b)| (a ^ b).count_ones()).sum();
    let mac = |bytes: &[u8]| Message::decode(bytes).ok().and_then(|message| Some(*data(&message).ok()?.mac));
    forged.len() == original.len() && bits == 1 && mac(forged) != mac(&original)
}
