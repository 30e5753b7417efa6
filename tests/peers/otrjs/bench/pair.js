'use strict'
// Two ends of an encrypted session, which hand each other their messages in memory.

const { OTR } = require('otr')
const { Account } = require('./account.js')
const mend = require('./mend.js')

const { CONST } = OTR

// The library sends from timers of a millisecond or more. Here they are run as soon as there is nothing else to do.
const timers = []
globalThis.setTimeout = act => timers.push(act)

class End {
  constructor({ key, tag }, version) {
    Object.assign(this, { version, outbox: [], shown: [], equal: false })
    this.otr = new OTR({ priv: key, instance_tag: tag })
    Object.assign(this.otr, { ALLOW_V2: version === 2, ALLOW_V3: version === 3 })
    this.otr.on('io', message => this.outbox.push(message))
    this.otr.on('ui', (text, encrypted) => this.shown.push({ text, encrypted }))
    this.otr.on('smp', (type, data) => { this.equal = type === 'trust' && data })
    this.otr.on('error', text => { throw new Error(`the library complains: ${text}`) })
  }

  get isEncrypted() {
    const { msgstate, ake } = this.otr
    return msgstate === CONST.MSGSTATE_ENCRYPTED && ake.otr_version === CONST[`OTR_VERSION_${this.version}`]
  }

  /** The next message for the network; undefined if there is none. */
  send() {
    while (timers.length) timers.shift()()
    return this.outbox.shift()
  }
}

class Pair {
  constructor([alice, bob], version) {
    this.alice = new End(alice, version)
    this.bob = new End(bob, version)
    this.alice.otr.sendQueryMsg()
    this.#settle()
    if (!this.alice.isEncrypted || !this.bob.isEncrypted) throw new Error('an exchange failed')
  }

  /** A text from its writer to the other end, and nothing else. */
  handOver(writer, text) {
    const reader = this.#other(writer)
    writer.otr.sendMsg(text)
    const message = writer.send()
    if (!message?.startsWith('?OTR:')) throw new Error('a text did not go out encrypted')
    reader.otr.receiveMsg(message)
    const shown = reader.shown.shift()
    if (!shown?.encrypted || shown.text.length !== text.length) throw new Error('a text did not arrive')
    if (writer.send() || reader.send()) throw new Error('a text was answered')
  }

  compare(secret) {
    const { alice, bob } = this
    alice.otr.smpSecret(secret)
    this.#settle()
    if (alice.equal || bob.equal) throw new Error('the secrets were found equal before there were two')
    bob.otr.smpSecret(secret)
    this.#settle()
    if (!alice.equal || !bob.equal) throw new Error('the secrets were not found equal')
    alice.equal = bob.equal = false
  }

  /** Hands over messages until there are none. */
  #settle() {
    for (let idle = 0, sender = this.alice; idle < 2; sender = this.#other(sender)) {
      const message = sender.send()
      if (message) this.#other(sender).otr.receiveMsg(message)
      idle = message ? 0 : idle + 1
    }
  }

  #other(end) {
    return end === this.alice ? this.bob : this.alice
  }
}

/** Two accounts with keys that node made, and the library mended as for the driver. */
function makeAccounts() {
  mend.install()
  return ['alice', 'bob'].map(name => new Account({ account: name, protocol: 'prpl-jabber', versions: [2, 3] }))
}

module.exports = { Pair, makeAccounts }
