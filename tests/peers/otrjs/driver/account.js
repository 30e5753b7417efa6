'use strict'
// One account: its key and instance tag, what is known of others' keys, and where they lie: libotr's files,
// one account to a home.

const fs = require('node:fs')
const path = require('node:path')
const { OTR } = require('otr')
const key = require('./key.js')

const KEY = 'otr.private_key'
const FINGERPRINTS = 'otr.fingerprints'
const TAGS = 'otr.instance_tags'

class Account {
  constructor({ account, protocol, policy, versions, maxMessageSize, home }) {
    Object.assign(this, { name: account, protocol, policy, versions, maxMessageSize, home })
    this.trusts = new Map() // of a peer: Map from fingerprint to trust, a text, empty if there is none
    this.storageFailed = false
    if (home) fs.mkdirSync(home, { recursive: true, mode: 0o700 })
    this.key = this.#loadKey()
    this.tag = this.#loadTag()
    this.#loadTrusts()
  }

  identity() {
    return {
      account: this.name, protocol: this.protocol, fingerprint: this.key.fingerprint(),
      instance_tag: hex(this.tag), versions: this.versions
    }
  }

  /** The trust in a peer's fingerprint; undefined if it was never seen. */
  trust(peer, fingerprint) {
    return this.trusts.get(peer)?.get(fingerprint)
  }

  setTrust(peer, fingerprint, trust) {
    if (!this.trusts.has(peer)) this.trusts.set(peer, new Map())
    this.trusts.get(peer).set(fingerprint, trust)
    this.#saveTrusts()
  }

  #loadKey() {
    const text = this.#read(KEY)
    if (text) return key.fromFile(text)
    const made = key.generate()
    if (this.home) this.#write(KEY, key.toFile(made, this.name, this.protocol))
    return made
  }

  #loadTag() {
    for (const [account, protocol, tag] of this.#lines(TAGS)) {
      if (account === this.name && protocol === this.protocol) return Buffer.from(tag, 'hex').toString('latin1')
    }
    const made = OTR.makeInstanceTag()
    if (this.home) {
      this.#write(TAGS, `# account, protocol, instance tag\n${this.name}\t${this.protocol}\t${hex(made)}\n`)
    }
    return made
  }

  #loadTrusts() {
    for (const [peer, account, protocol, fingerprint, trust] of this.#lines(FINGERPRINTS)) {
      if (account !== this.name || protocol !== this.protocol) continue
      if (!this.trusts.has(peer)) this.trusts.set(peer, new Map())
      this.trusts.get(peer).set(fingerprint, trust || '')
    }
  }

  #saveTrusts() {
    if (!this.home) return
    let text = ''
    for (const [peer, known] of this.trusts) {
      for (const [fingerprint, trust] of known) {
        text += [peer, this.name, this.protocol, fingerprint, trust].join('\t') + '\n'
      }
    }
    try {
      this.#write(FINGERPRINTS, text)
    } catch (error) {
      console.error(`otrjs-driver: ${error.message}`)
      this.storageFailed = true
    }
  }

  #lines(name) {
    const lines = this.#read(name).split('\n').filter(line => line && !line.startsWith('#'))
    return lines.map(line => line.split('\t'))
  }

  #read(name) {
    const file = this.home && path.join(this.home, name)
    return file && fs.existsSync(file) ? fs.readFileSync(file, 'utf8') : ''
  }

  #write(name, text) {
    const file = path.join(this.home, name)
    fs.writeFileSync(file + '.new', text, { mode: 0o600 })
    fs.renameSync(file + '.new', file)
  }
}

/** Bytes, which the library keeps in texts, as hex digits. */
function hex(bytes) {
  return Buffer.from(bytes, 'latin1').toString('hex')
}

module.exports = { Account, hex }
